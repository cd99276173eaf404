"""What is shown of one service."""

import time
from json import dumps
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from horizon import tabs

from servicevm_dashboard import detail, links, members
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.panels.devices.tabs import overview
from servicevm_dashboard.panels.operations import tabs as operations
from servicevm_dashboard.panels.services import adding, reading, tables


class OverviewTab(detail.OverviewTab):
    """How it is, and what to do next."""

    content = "servicevm/services/_overview.html"

    def read(self, request: HttpRequest) -> dict[str, Any]:
        service = self.resource
        return {
            "service": service,
            "endpoints": [
                (one["name"], *reading.url(one)) for one in service.endpoints
            ],
            "members": tables.members(service),
            "down": ", ".join(members.down(service)),
            "unchecked": ", ".join(members.unchecked(service)),
            "summary": reading.summary(service.config),
            "device_link": links.link(
                self.view.dashboard, "devices", "detail", service.device_id
            ),
            "current": service.generation == service.observed_generation,
            **overview(self, request, service),
        }


class MembersTab(detail.LazyTab):
    """Its members and how they do."""

    name = _("Members")
    slug = "members"
    content = "servicevm/services/_members.html"

    def read(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "service": self.resource,
            "members": members.listed(self.resource),
            "unchecked": members.unchecked(self.resource),
            "ways": adding.ways(
                tables.ServicesTable(request, data=[self.resource]),
                links.link(self.view.dashboard, "services", "edit", self.ref),
                self.resource,
            ),
        }

    def said(self, context: dict[str, Any]) -> str:
        return self.view.say(context["service"])


class StatisticsTab(detail.LazyTab):
    """Connections and traffic, counted by the device."""

    name = _("Statistics")
    slug = "statistics"
    content = "servicevm/services/_statistics.html"
    #: Around what is read again: `charts.js` draws there.
    frame = "servicevm/services/_charts.html"
    policy_rules = (("servicevm", "servicevm:service:stats"),)

    def read(self, request: HttpRequest) -> dict[str, Any]:
        stats = servicevm.call(request, Client.get_service_stats, self.ref)
        reading = {"stats": stats, "at": time.time()}
        return {"stats": stats, "reading": reading, "first": dumps(reading)}

    def more(self, context: dict[str, Any]) -> dict[str, Any]:
        return dict(context["reading"])


class ConfigurationTab(detail.LazyTab):
    """What it was told to do."""

    name = _("Configuration")
    slug = "configuration"
    content = "servicevm/services/_configuration.html"

    def read(self, request: HttpRequest) -> dict[str, Any]:
        service = self.resource
        return {
            "service": service,
            "text": reading.as_yaml(service.config),
            "current": service.generation == service.observed_generation,
        }


class ServiceTabs(tabs.DetailTabsGroup):
    """The tabs of a service."""

    slug = "service"
    tabs = (
        OverviewTab,
        MembersTab,
        StatisticsTab,
        ConfigurationTab,
        operations.OperationsTab,
        operations.EventsTab,
    )
