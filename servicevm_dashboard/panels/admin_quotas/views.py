"""The quotas' pages."""

from typing import Any

from django.urls import reverse, reverse_lazy
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from horizon import exceptions, forms

from servicevm_dashboard import filters, live
from servicevm_dashboard.admin import AllProjects, ProjectFilter
from servicevm_dashboard.api import projects, servicevm
from servicevm_dashboard.api.servicevm import Client, Page, Quota
from servicevm_dashboard.panels.admin_quotas import reading, tables
from servicevm_dashboard.panels.admin_quotas.forms import QuotaForm


class QuotaFilter(ProjectFilter, filters.Filter):
    """By project; also of those that have nothing."""

    name_prefix = None  # type: ignore[assignment]


class IndexView(AllProjects, live.LiveTableView):
    """Projects with limits of their own or things in use; or one."""

    page_title = _("Quotas")
    kind = Quota
    table_class = tables.QuotasTable
    filter_class = QuotaFilter
    failure = _("The quotas could not be read.")

    def _shown(self, **asked: Any) -> live.Pager:
        """One page of all; or those of the projects that are named."""
        named = asked.get("project_id")
        if named:
            refs = named if isinstance(named, list) else [named]
            found = [
                servicevm.call(self.request, Client.get_quota, ref)
                for ref in refs
            ]
            page: Page[Any] = Page(found, None, None)
        else:
            # It can be sorted by nothing.
            page = servicevm.call(
                self.request,
                Client.page,
                Quota,
                limit=asked["limit"],
                marker=asked.get("marker"),
            )
        pager = live.Pager(page, self.filter.query(), "")
        self.get_table().pager = pager
        return pager


class EditView(forms.ModalFormView):
    """The limits of one project."""

    form_class = QuotaForm
    form_id = "servicevm_quota"
    template_name = "servicevm/quotas/edit.html"
    page_title = _("Edit Limits of %(project)s")
    submit_label = _("Save")
    success_url = reverse_lazy("horizon:admin:servicevm_quotas:index")
    submit_url = "horizon:admin:servicevm_quotas:edit"

    @cached_property
    def quota(self) -> Quota:
        """Of the project."""
        try:
            found: Quota = servicevm.call(
                self.request, Client.get_quota, self.kwargs["ref"]
            )
        except Exception:
            exceptions.handle(
                self.request,
                _("The quota could not be read."),
                redirect=str(self.success_url),
            )
            raise
        return found

    def get_initial(self) -> dict[str, Any]:
        entries = self.quota.to_dict_view()
        known = reading.defaults(self.request)
        return {
            **{
                name: entries[name]["limit"]
                for name in QuotaForm.base_fields
                # What is empty is the default.
                if entries[name]["limit"] != known.get(name)
            },
            "project_id": self.kwargs["ref"],
            "name": projects.name(self.request, self.kwargs["ref"]),
            "quota": self.quota,
            "defaults": known,
        }

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        name = projects.name(self.request, self.kwargs["ref"])
        title = str(self.page_title) % {"project": name}
        url = reverse(self.submit_url, args=[self.kwargs["ref"]])
        return context | {
            "page_title": title,
            "modal_header": title,
            "submit_url": url,
        }
