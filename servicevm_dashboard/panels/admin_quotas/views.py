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
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.admin_quotas import reading, tables
from servicevm_dashboard.panels.admin_quotas.forms import QuotaForm


class QuotaFilter(ProjectFilter, filters.Filter):
    """By project, by its name, or only those that have something."""

    having = filters.Choice(
        _("Limits and use"),
        {"something": _("Own limits, or something in use")},
        _("Any"),
    )


class IndexView(AllProjects, live.LiveTableView):
    """All projects that Keystone names, or some of them."""

    template_name = "servicevm/quotas/index.html"
    page_title = _("Quotas")
    kind = Quota
    table_class = tables.QuotasTable
    filter_class = QuotaFilter
    failure = _("The quotas could not be read.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        known = len(projects.choices(self.request))
        most = projects.MOST if known >= projects.MOST else 0
        return context | {"most": most}

    def _shown(self, **asked: Any) -> live.Pager:
        """One page; it can be sorted by nothing else than the name."""
        named = asked.get("project_id")
        if named:
            refs = named if isinstance(named, list) else [named]
            page: Page[Any] = Page(self._quotas(refs), None, None)
        else:
            page = self._page(**asked)
        pager = live.Pager(page, self.filter.query(), "")
        self.get_table().pager = pager
        return pager

    def _page(
        self,
        *,
        limit: int,
        marker: str | None = None,
        name_prefix: str = "",
        having: str = "",
        **_others: Any,
    ) -> Page[Any]:
        known = projects.choices(self.request)
        if having or not known:
            # Those that Keystone does not name, or no longer, are among them.
            found: Page[Any] = servicevm.call(
                self.request, Client.page, Quota, limit=limit, marker=marker
            )
            return found
        prefix = name_prefix.lower()
        refs = [ref for ref, name in known if name.lower().startswith(prefix)]
        begin = _after(refs, marker)
        end = begin + limit
        before = max(begin - limit, 0)
        previous = refs[before - 1] if before else ""
        return Page(
            self._quotas(refs[begin:end]),
            refs[end - 1] if end < len(refs) else None,
            previous if begin else None,
        )

    def _quotas(self, refs: list[str]) -> list[Quota]:
        """Of these projects, in their order."""
        found: dict[str, Quota] = {}
        for some in servicevm.portions("project_id", refs):
            page = servicevm.call(
                self.request,
                Client.page,
                Quota,
                limit=len(some),
                project_id=some,
            )
            found |= {one.project_id: one for one in page.items}
        return [found[ref] for ref in refs if ref in found]


def _after(refs: list[str], marker: str | None) -> int:
    """Where the page after this one begins.

    :raises ServicevmError: there is no such project any more
    """
    if not marker:
        return 0
    if marker not in refs:
        raise ServicevmError(
            str(_("There is no such project.")),
            fields={"marker": str(_("There is no such project."))},
        )
    return refs.index(marker) + 1


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
