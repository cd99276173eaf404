"""Usage as the API shows it: in hours, which nothing is reckoned with."""

from typing import Any

from servicevm import clock
from servicevm.db.traffic import HOUR
from servicevm.db.usage_reports import Period, Used
from servicevm.states import ResourceType


def project(project_id: str, period: Period, used: Used) -> dict[str, Any]:
    """What a project has used."""
    return {
        "project_id": project_id,
        **_period(period),
        "device_hours": _hours(used.devices),
        "service_hours": _hours(used.services),
        **_taken(used),
        "traffic_resolution": HOUR // clock.SECOND,
    }


def resource(
    span: Any, started_at: int, period: Period, used: Used
) -> dict[str, Any]:
    """What was used of a device or service.

    :param span: its last one
    :param started_at: of its first one
    """
    device = span.resource_type == ResourceType.DEVICE
    return {
        "resource_type": span.resource_type,
        "resource_id": span.resource_id,
        "resource_name": span.resource_name,
        "device_id": span.device_id,
        "project_id": span.project_id,
        "template_id": span.template_id,
        "service_type": span.service_type,
        "started_at": clock.isoformat(started_at),
        "ended_at": clock.isoformat(span.ended_at),
        **_period(period),
        "hours": _hours(used.devices if device else used.services),
        **_taken(used),
    }


def _period(period: Period) -> dict[str, Any]:
    return {
        "start": clock.isoformat(period.start),
        "end": clock.isoformat(period.end),
    }


def _taken(used: Used) -> dict[str, Any]:
    return {
        "vcpu_hours": _hours(used.vcpus),
        "ram_mib_hours": _hours(used.ram_mib),
        "slot_hours": _hours(used.slots),
        **used.traffic,
    }


def _hours(microseconds: int) -> float:
    return round(microseconds / HOUR, 6)
