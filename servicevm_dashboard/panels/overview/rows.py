"""Rows of the overview's tables."""

from collections.abc import Mapping
from typing import Any

from horizon.utils import filters

from servicevm_dashboard import advice, links, timeline, words
from servicevm_dashboard.api.servicevm import Device, Operation


def index(dashboard: str, panel: str) -> str:
    """Address of a list; empty where there is none."""
    return links.link(dashboard, panel)


def live(summary: Mapping[str, Any]) -> int:
    """How many operations have not ended."""
    counts = summary["operations"]
    return int(counts["PENDING"] + counts["RUNNING"] + counts["WAITING"])


def failing(dashboard: str, datum: Any, project: str) -> Mapping[str, Any]:
    """Of a device or service that fails."""
    panel = "devices" if isinstance(datum, Device) else "services"
    return {
        "name": datum.name or datum.id,
        "href": links.link(dashboard, panel, "detail", datum.id),
        "kind": words.of(words.RESOURCE, datum.key),
        "resource": datum,
        "reason": advice.reason(datum) or advice.sentence(datum),
        "project": project,
    }


def operation(
    dashboard: str, datum: Operation, project: str
) -> Mapping[str, Any]:
    """Of an operation that has not ended."""
    return {
        "title": timeline.name(datum),
        "href": links.link(dashboard, "operations", "detail", datum.id),
        "state": datum.state,
        "step": timeline.progress(datum),
        "since": filters.parse_isotime(datum.started_at or datum.created_at),
        "project": project,
    }
