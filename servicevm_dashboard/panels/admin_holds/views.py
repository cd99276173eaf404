"""The holds' pages."""

from typing import Any

from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from horizon import forms

from servicevm_dashboard import filters, live, words
from servicevm_dashboard.api.servicevm import Hold
from servicevm_dashboard.panels.admin_holds import tables
from servicevm_dashboard.panels.admin_holds.forms import HoldForm


class HoldFilter(filters.Filter):
    """By what is held; holds have no name."""

    name_prefix = None
    scope = filters.Choice(_("What is held"), words.HOLD, _("Anything"))


class IndexView(live.LiveTableView):
    """The holds that have not expired."""

    page_title = _("Holds")
    kind = Hold
    table_class = tables.HoldsTable
    filter_class = HoldFilter
    failure = _("The holds could not be read.")


class SetView(forms.ModalFormView):
    """Set a hold, or renew it."""

    form_class = HoldForm
    form_id = "servicevm_hold"
    template_name = "servicevm/holds/set.html"
    page_title = modal_header = _("Set Hold")
    submit_label = _("Set Hold")
    submit_url = reverse_lazy("horizon:admin:servicevm_holds:set")
    success_url = reverse_lazy("horizon:admin:servicevm_holds:index")

    def get_initial(self) -> dict[str, Any]:
        return {"scope": "device"}
