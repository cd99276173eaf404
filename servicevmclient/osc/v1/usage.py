"""Commands: usage."""

import argparse
from typing import Any

from servicevmclient.osc import _cells, _columns, _filters, _project, _verbs
from servicevmclient.osc._base import ShowOne
from servicevmclient.osc._columns import Column, In
from servicevmclient.v1.quota import OWN
from servicevmclient.v1.usage import Usage, UsageResource

_PERIOD = (
    _filters.Filter(
        "--start",
        "start",
        "From this time on (ISO 8601, UTC), default: from the beginning of "
        "the month that the end is in",
        "TIME",
    ),
    _filters.Filter(
        "--end",
        "end",
        "Until before this time, default: now",
        "TIME",
    ),
)
_TRAFFIC = (
    Column("connections", In.LONG),
    Column("bytes_in", In.LIST, yields=1),
    Column("bytes_out", In.LIST, yields=1),
)
_BOUNDS = (
    Column("start", In.LONG, _cells.Moment),
    Column("end", In.LONG, _cells.Moment),
)
_HOURS = (
    Column("vcpu_hours", In.LIST, title="vCPU Hours"),
    Column("ram_mib_hours", In.LIST, title="RAM MiB Hours", yields=2),
)
USAGE = (
    Column("project_id", In.LIST),
    Column("device_hours", In.LIST),
    *_HOURS,
    Column("service_hours", In.LONG),
    Column("slot_hours", In.LIST, yields=3),
    *_TRAFFIC,
    *_BOUNDS,
    Column("traffic_resolution"),
)
RESOURCE = (
    Column("resource_type", In.LIST),
    Column("resource_name", In.LIST, _cells.Cell),
    Column("resource_id", In.LONG),
    Column("hours", In.LIST),
    *_HOURS,
    Column("slot_hours", In.LIST, yields=3),
    *_TRAFFIC,
    Column("device_id", In.LONG),
    Column("template_id", In.LONG, _cells.Cell),
    Column("service_type", In.LONG, _cells.Cell),
    Column("started_at", In.LONG, _cells.Moment),
    Column("ended_at", In.LIST, _cells.Moment, yields=4),
    Column("project_id", In.LONG),
)


class ListUsage(_verbs.List):
    """List what projects have used in a period: hours, bytes, connections"""

    kind = Usage
    columns = USAGE
    filters = _PERIOD
    tagged = False
    sorted = False
    example = "usage list --start 2026-11-01 --end 2026-12-01"


class ListUsageResource(_verbs.List):
    """List which devices and services were used in a period, also of late"""

    kind = UsageResource
    columns = RESOURCE
    filters = _PERIOD
    tagged = False
    sorted = False
    example = "usage resource list --long"


class ShowUsage(ShowOne):
    """Show what a project has used in a period"""

    example = "usage show --start 2026-11-01 --end 2026-12-01"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The period and the project."""
        parser = super().get_parser(prog_name)
        for one in _PERIOD:
            parser.add_argument(one.flag, metavar=one.metavar, help=one.help)
        parser.add_argument(
            "project",
            metavar="PROJECT",
            nargs="?",
            help="Project (ID; under openstack also its name), "
            "default: your own",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask for it."""
        project = OWN
        if parsed_args.project is not None:
            project = _project.id_of(self.app, parsed_args.project)
        period: dict[str, Any] = {
            one.query: getattr(parsed_args, one.query) for one in _PERIOD
        }
        found = self.client.get_usage(project, **period)
        return _columns.of_show(USAGE, found.to_dict_view())
