"""Reading what an agent says of its services.

The relay has checked shapes and limits; see servicevm_agent for what each
field means.
"""

from collections.abc import Mapping
from typing import Any

from servicevm.drivers.mgmt.base import ServiceReport

__all__ = ["parse_report", "parse_reports"]


def parse_report(service_id: str, report: Mapping[str, Any]) -> ServiceReport:
    """Read ``{generation, digest, operating_status, failed_generation,
    detail, members}``; the last three may be missing."""
    return ServiceReport(
        id=service_id,
        generation=int(report["generation"]),
        digest=str(report["digest"]),
        operating_status=str(report["operating_status"]),
        failed_generation=report.get("failed_generation"),
        detail=str(report.get("detail") or ""),
        members=report.get("members") or (),
    )


def parse_reports(reports: Mapping[str, Any]) -> dict[str, ServiceReport]:
    """Read ``{service id: report}``."""
    return {
        service_id: parse_report(service_id, report)
        for service_id, report in reports.items()
    }
