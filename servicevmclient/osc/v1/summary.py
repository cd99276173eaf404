"""Commands: summary."""

import argparse
from collections.abc import Mapping
from typing import Any

from servicevmclient.osc import _cells, _columns, _filters, _verbs, _watch
from servicevmclient.osc._base import ShowOne
from servicevmclient.osc._columns import Column
from servicevmclient.v1.summary import Summary

COLUMNS = (
    Column("devices"),
    Column("devices_failing"),
    Column("devices_by_provisioning_status", cell=_cells.Counts),
    Column("devices_by_operating_status", cell=_cells.Counts),
    Column("devices_by_template", cell=_cells.Rows),
    Column("services"),
    Column("services_failing"),
    Column("services_by_provisioning_status", cell=_cells.Counts),
    Column("services_by_operating_status", cell=_cells.Counts),
    Column("services_by_type", cell=_cells.Counts),
    Column("operations_by_state", cell=_cells.Counts),
    Column("operations_failed_last_day"),
)


class ShowSummary(ShowOne):
    """Show how many devices, services and operations there are"""

    example = "summary show"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Of which projects."""
        parser = super().get_parser(prog_name)
        _filters.add_projects(parser)
        _watch.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask for it."""
        query = _filters.of_projects(parsed_args, self.app)
        found = self.client.get_summary(**query)
        return _columns.of_show(COLUMNS, flat(found))


def flat(found: Summary) -> Mapping[str, Any]:
    """One value a field."""
    devices, services = found["devices"], found["services"]
    operations = {**found["operations"]}
    failed = operations.pop("failed_last_day")
    return {
        "devices": devices["total"],
        "devices_failing": devices["failing"],
        "devices_by_provisioning_status": devices["provisioning_status"],
        "devices_by_operating_status": devices["operating_status"],
        "devices_by_template": devices["templates"],
        "services": services["total"],
        "services_failing": services["failing"],
        "services_by_provisioning_status": services["provisioning_status"],
        "services_by_operating_status": services["operating_status"],
        "services_by_type": services["service_types"],
        "operations_by_state": operations,
        "operations_failed_last_day": failed,
    }
