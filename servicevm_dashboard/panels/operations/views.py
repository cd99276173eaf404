"""The operations' and events' pages."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import detail, filters, links, live, timeline, words
from servicevm_dashboard.api.servicevm import Client, Event, Operation
from servicevm_dashboard.panels.operations import tables, tabs

_RESOURCES = {key: words.RESOURCE[key] for key in ("device", "service")}


class OperationFilter(filters.Filter):
    """By state, action and what it is about."""

    # They have no names of their own.
    name_prefix = None  # type: ignore[assignment]
    state = filters.Choice(_("State"), words.OPERATION, _("Any state"))
    action = filters.Choice(_("Action"), words.ACTION, _("Any action"))
    resource_type = filters.Choice(_("About"), _RESOURCES, _("Anything"))
    resource_id = filters.Reference(_("Of one device or service only"))
    device_id = filters.Reference(_("Of one device and its services only"))


class EventFilter(filters.Filter):
    """By severity and what it is about."""

    name_prefix = None  # type: ignore[assignment]
    severity = filters.Choice(_("Severity"), words.SEVERITY, _("Any severity"))
    resource_type = filters.Choice(_("About"), words.RESOURCE, _("Anything"))
    resource_id = filters.Reference(_("Of one device or service only"))
    device_id = filters.Reference(_("Of one device and its services only"))


class Both:
    """Operations and events are two views of one panel."""

    template_name = "servicevm/operations/index.html"
    dashboard = "project"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(  # type: ignore[misc]
            **kwargs
        )
        return context | {
            "views": [
                (
                    _("Operations"),
                    links.link(self.dashboard, "operations"),
                    isinstance(self, IndexView),
                ),
                (
                    _("Events"),
                    links.link(self.dashboard, "operations", "events"),
                    isinstance(self, EventsView),
                ),
            ]
        }


class IndexView(Both, live.LiveTableView):
    """The project's operations."""

    page_title = _("Operations")
    kind = Operation
    table_class = tables.OperationsTable
    filter_class = OperationFilter
    failure = _("The operations could not be read.")


class EventsView(Both, live.LiveTableView):
    """The project's events."""

    page_title = _("Events")
    kind = Event
    table_class = tables.EventsTable
    filter_class = EventFilter
    default_sort = "at:desc"
    failure = _("The events could not be read.")


class DetailView(detail.DetailView):
    """One operation."""

    getter = Client.get_operation
    table_class = tables.OperationsTable
    tab_group_class = tabs.OperationTabs
    panel = "operations"
    failure = _("The operation could not be read.")

    def title(self, resource: Any) -> str:
        return str(timeline.name(resource))
