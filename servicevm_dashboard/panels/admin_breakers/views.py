"""The breakers' page."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import filters, live
from servicevm_dashboard.api.servicevm import Breaker
from servicevm_dashboard.panels.admin_breakers import tables


class BreakerFilter(filters.Filter):
    """By nothing: there are few of them."""

    name_prefix = None  # type: ignore[assignment]


class IndexView(live.LiveTableView):
    """Where healing stopped."""

    template_name = "servicevm/breakers/index.html"
    page_title = _("Breakers")
    kind = Breaker
    table_class = tables.BreakersTable
    filter_class = BreakerFilter
    default_sort = "name:asc"
    failure = _("The breakers could not be read.")
