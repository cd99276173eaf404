"""The processes' pages: one for each kind."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import filters, links, live
from servicevm_dashboard.api.servicevm import Api, Conductor, Relay
from servicevm_dashboard.panels.admin_processes import tables


class ProcessFilter(filters.Filter):
    """By name, and whether it runs."""

    alive = filters.Choice(
        _("State"),
        {"true": _("Running"), "false": _("Not heard of")},
        _("Any state"),
    )


class Each:
    """The kinds are views of one panel."""

    template_name = "servicevm/operations/index.html"
    filter_class = ProcessFilter
    default_sort = "name:asc"
    failure = _("The processes could not be read.")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **kwargs
        )
        return context | {
            "views": [
                (
                    kind.page_title,
                    links.link("admin", "processes", name),
                    isinstance(self, kind),
                )
                for name, kind in _VIEWS.items()
            ]
        }


class RelaysView(Each, live.LiveTableView):
    """The relays."""

    page_title = _("Relays")
    kind = Relay
    table_class = tables.RelaysTable

    def _selected(self) -> list[Any]:
        # A table of processes knows them by name.
        action = self.table_class.check_handler(self.request)[2]
        names = [action] if action else None
        names = names or self.request.POST.getlist("object_ids")
        return self._found("name", names[: live.MAX_ROWS])


class ConductorsView(Each, live.LiveTableView):
    """The conductors."""

    page_title = _("Conductors")
    kind = Conductor
    table_class = tables.ConductorsTable


class ApisView(Each, live.LiveTableView):
    """The API processes."""

    page_title = _("API Processes")
    kind = Api
    table_class = tables.ApisTable


_VIEWS: dict[str, Any] = {
    "index": RelaysView,
    "conductors": ConductorsView,
    "apis": ApisView,
}
