"""What is shown of one device."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import tabs

from servicevm_dashboard import (
    advice,
    console,
    detail,
    healing,
    links,
    members,
    timeline,
)
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Service
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.devices import agent, plugging
from servicevm_dashboard.panels.operations import tabs as operations

#: Facts: interfaces have a tab of their own, the agent a line.
_TOLD_ELSEWHERE = frozenset({"interfaces", "agent_version"})
#: Days before its end from which a certificate is worth a warning.
NEAR = 3


def under_way(request: Any, resource: Any) -> Any:
    """The operation that a device or service is busy with, or failed at.

    :returns: None where there is none, or it could not be read: the rest of
        the page is still of use
    """
    if not resource.operation_id or resource.provisioning_status == "ACTIVE":
        return None
    try:
        return servicevm.call(
            request, Client.get_operation, resource.operation_id
        )
    except ServicevmError:
        return None


def overview(tab: Any, request: Any, resource: Any) -> dict[str, Any]:
    """What the overviews of devices and services have in common.

    How it is comes from one answer, the resource's. The operation is read
    after it and may have ended or begun in between: then only its name is
    told, as the next look finds both as they are.
    """
    operation = under_way(request, resource)
    busy = resource.provisioning_status.startswith("PENDING")
    return {
        "resource": resource,
        "sentence": advice.sentence(resource),
        "reason": advice.reason(resource),
        "next_step": advice.next_step(resource),
        "healing": healing.told(resource, timezone.now()),
        "operation": operation,
        "busy": busy,
        "progress": timeline.progress(operation) if operation and busy else "",
        "operation_name": timeline.name(operation) if operation else "",
        "operation_link": links.link(
            tab.view.dashboard, "operations", "detail", operation.ref
        )
        if operation
        else "",
    }


class OverviewTab(detail.OverviewTab):
    """How it is, and what to do next."""

    content = "servicevm/devices/_overview.html"

    def read(self, request: Any) -> dict[str, Any]:
        device = self.resource
        return {
            "device": device,
            "agent_expected": agent.expected(request, device),
            "facts": [
                (key, value)
                for key, value in (device.facts or {}).items()
                if key not in _TOLD_ELSEWHERE
            ],
            "template_link": links.link(
                self.view.dashboard,
                "templates",
                "detail",
                device.template_id,
            )
            if device.template_id
            else "",
            **overview(self, request, device),
        }


class InterfacesTab(detail.LazyTab):
    """How it is attached to networks."""

    name = _("Interfaces")
    slug = "interfaces"
    content = "servicevm/devices/_interfaces.html"

    def read(self, request: Any) -> dict[str, Any]:
        device = self.resource
        dashboard = self.view.dashboard
        return {
            "busy": device.provisioning_status.startswith("PENDING"),
            "attach": plugging.to_attach(request, dashboard, device),
            "interfaces": [
                (one, plugging.to_detach(request, dashboard, device, one))
                for one in device.interfaces
            ],
        }


class ServicesTab(detail.LazyTab):
    """What runs on it, with the health of its members."""

    name = _("Services")
    slug = "services"
    content = "servicevm/devices/_services.html"
    policy_rules = (("servicevm", "servicevm:service:list"),)

    def read(self, request: Any) -> dict[str, Any]:
        page = servicevm.call(
            request,
            Client.page,
            Service,
            limit=100,
            sort="name:asc",
            device_id=self.ref,
            **self.view.always,
        )
        return {
            "services": [
                {
                    "service": one,
                    "link": links.link(
                        self.view.dashboard, "services", "detail", one.ref
                    ),
                    "members": members.listed(one),
                }
                for one in page.items
            ]
        }


class EventsTab(operations.EventsTab):
    """Of the device and of its services."""

    key = "device_id"


class ConsoleTab(detail.LazyTab):
    """The end of what it wrote on its console."""

    name = _("Console Log")
    slug = "console"
    content = "servicevm/devices/_console.html"
    policy_rules = (("servicevm", "servicevm:device:console_log"),)
    #: It is read again on demand only.
    interval = 0

    def read(self, request: Any) -> dict[str, Any]:
        text = servicevm.call(
            request,
            Client.get_device_console_log,
            self.ref,
            max_bytes=console.TAIL,
        )
        return {
            "log": console.shown(text),
            "all": links.link(
                self.view.dashboard, "devices", "console", self.ref
            ),
        }


class CertificateTab(detail.LazyTab):
    """The certificate of its agent."""

    name = _("Certificate")
    slug = "certificate"
    content = "servicevm/devices/_certificate.html"

    def read(self, request: Any) -> dict[str, Any]:
        device = self.resource
        found = device.agent and device.agent["certificate"]
        days = timeline.days_until(found["not_after"]) if found else None
        return {
            "device": device,
            "agent_expected": agent.expected(request, device),
            "certificate": found,
            "over": days is not None and days < 0,
            "near": days is not None and 0 <= days < NEAR,
        }


class DeviceTabs(tabs.DetailTabsGroup):
    """The tabs of a device."""

    slug = "device"
    tabs = (
        OverviewTab,
        InterfacesTab,
        ServicesTab,
        operations.OperationsTab,
        EventsTab,
        ConsoleTab,
        CertificateTab,
    )
