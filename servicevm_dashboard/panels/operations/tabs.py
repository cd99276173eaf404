"""What is shown of one operation; and of the operations and events of others.

`OperationsTab` and `EventsTab` are for the details pages of devices and
services.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs

from servicevm_dashboard import detail, links, telling, timeline
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Event, Operation
from servicevm_dashboard.panels.operations import tables

#: Newest ones that a tab shows; the panel has them all.
NEWEST = 20


class OverviewTab(detail.OverviewTab):
    """Its steps and what became of them."""

    content = "servicevm/operations/_overview.html"

    def read(self, request: Any) -> dict[str, Any]:
        operation = self.resource
        panel = tables.PANELS[operation.resource_type]
        return {
            "resource": operation,
            "operation": operation,
            "name": timeline.name(operation),
            "progress": timeline.progress(operation),
            "took": tables.took(operation),
            "why": tables.why(operation),
            "moments": timeline.moments(operation),
            "who": tables.who(request, operation, self.view.dashboard),
            "link": ""
            if operation.resource_gone
            else links.link(
                self.view.dashboard, panel, "detail", operation.resource_id
            ),
        }


class OperationTabs(tabs.DetailTabsGroup):
    """The tabs of an operation."""

    slug = "operation"
    tabs = (OverviewTab,)


class OperationsTab(detail.LazyTab):
    """The newest operation with its steps, and those before it."""

    name = _("Operations")
    slug = "operations"
    content = "servicevm/operations/_tab.html"
    policy_rules = (("servicevm", "servicevm:operation:list"),)

    def read(self, request: Any) -> dict[str, Any]:
        page = servicevm.call(
            request,
            Client.page,
            Operation,
            limit=NEWEST,
            sort="created_at:desc",
            resource_id=self.ref,
            **self.view.always,
        )
        newest = None
        if page.items:
            newest = servicevm.call(
                request, Client.get_operation, page.items[0].ref
            )
        panel = links.link(self.view.dashboard, "operations")
        return {
            "operation": newest,
            "progress": timeline.progress(newest) if newest else "",
            "moments": timeline.moments(newest) if newest else (),
            "name": timeline.name(newest) if newest else "",
            "why": tables.why(newest) if newest else "",
            "took": tables.took(newest) if newest else "",
            "earlier": [
                {
                    "operation": one,
                    "name": timeline.name(one),
                    "why": tables.why(one),
                    "took": tables.took(one),
                    "link": links.link(
                        self.view.dashboard, "operations", "detail", one.ref
                    ),
                }
                for one in page.items[1:]
            ],
            "all": f"{panel}?resource_id={self.ref}" if panel else "",
            "link": links.link(
                self.view.dashboard, "operations", "detail", newest.ref
            )
            if newest
            else "",
        }

    def said(self, context: dict[str, Any]) -> str:
        newest = context["operation"]
        if newest is None:
            return ""
        return tables.OperationsTable(self.request).say(newest)


class EventsTab(detail.LazyTab):
    """What happened to it, the newest first."""

    name = _("Events")
    slug = "events"
    content = "servicevm/operations/_events_tab.html"
    policy_rules = (("servicevm", "servicevm:event:list"),)

    #: The API's filter by what the page is about.
    key = "resource_id"

    def read(self, request: Any) -> dict[str, Any]:
        page = servicevm.call(
            request,
            Client.page,
            Event,
            limit=NEWEST,
            sort="at:desc",
            **{self.key: self.ref},
            **self.view.always,
        )
        panel = links.link(self.view.dashboard, "operations", "events")
        return {
            "events": [
                {
                    "event": one,
                    "happened": telling.happened(one),
                    "who": tables.asker(request, one, self.view.dashboard),
                    "details": telling.details(one),
                }
                for one in page.items
            ],
            "all": f"{panel}?{self.key}={self.ref}" if panel else "",
        }

    def said(self, context: dict[str, Any]) -> str:
        events = context["events"]
        return telling.sentence(events[0]["event"]) if events else ""
