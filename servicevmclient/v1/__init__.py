"""Version 1 of the Service VM API: the client and its resources."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from servicevmclient.v1._page import Page
    from servicevmclient.v1._waiter import Progress
    from servicevmclient.v1.api import Api
    from servicevmclient.v1.breaker import Breaker
    from servicevmclient.v1.client import Client
    from servicevmclient.v1.conductor import Conductor
    from servicevmclient.v1.device import Device
    from servicevmclient.v1.device_template import DeviceTemplate
    from servicevmclient.v1.driver import Driver
    from servicevmclient.v1.event import Event
    from servicevmclient.v1.explanation import Explanation, Sentence
    from servicevmclient.v1.hold import Hold
    from servicevmclient.v1.operation import Operation
    from servicevmclient.v1.overview import Overview
    from servicevmclient.v1.quota import Quota
    from servicevmclient.v1.relay import Relay
    from servicevmclient.v1.relay_group import RelayGroup
    from servicevmclient.v1.service import Service
    from servicevmclient.v1.service_type import ServiceType
    from servicevmclient.v1.summary import Summary
    from servicevmclient.v1.usage import Usage, UsageResource

__all__ = [
    "Api",
    "Breaker",
    "Client",
    "Conductor",
    "Device",
    "DeviceTemplate",
    "Driver",
    "Event",
    "Explanation",
    "Hold",
    "Operation",
    "Overview",
    "Page",
    "Progress",
    "Quota",
    "Relay",
    "RelayGroup",
    "Sentence",
    "Service",
    "ServiceType",
    "Summary",
    "Usage",
    "UsageResource",
]

_HOME = {
    "Api": "api",
    "Breaker": "breaker",
    "Client": "client",
    "Conductor": "conductor",
    "Device": "device",
    "DeviceTemplate": "device_template",
    "Driver": "driver",
    "Event": "event",
    "Explanation": "explanation",
    "Hold": "hold",
    "Operation": "operation",
    "Overview": "overview",
    "Page": "_page",
    "Progress": "_waiter",
    "Quota": "quota",
    "Relay": "relay",
    "RelayGroup": "relay_group",
    "Sentence": "explanation",
    "Service": "service",
    "ServiceType": "service_type",
    "Summary": "summary",
    "Usage": "usage",
    "UsageResource": "usage",
}


def __getattr__(name: str) -> Any:
    # Lazy, because a command imports the resource that it needs, long
    # before (and often without) keystoneauth1 and requests: 0.1 s.
    if name not in _HOME:
        raise AttributeError(f"{__name__} has no {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
