"""Commands: operation."""

import argparse
from typing import ClassVar

from servicevmclient.osc import _columns, _verbs, _wait
from servicevmclient.osc._base import Base
from servicevmclient.osc._filters import Filter
from servicevmclient.v1.device import Device
from servicevmclient.v1.operation import Operation

DEVICE = Filter(
    "--device",
    "device_id",
    "Only those on this device or a service on it (name or ID)",
    "DEVICE",
    find=Device,
)
#: no name here: what it names may be gone, its operations are not
RESOURCE = Filter(
    "--resource", "resource_id", "Only those on the one with this ID", "ID"
)


class ListOperation(_verbs.List):
    """List operations"""

    kind = Operation
    columns = _columns.OPERATION
    tagged = False
    filters = (
        DEVICE,
        RESOURCE,
        Filter(
            "--state",
            "state",
            "Only those in this state",
            "STATE",
            choices=(
                "PENDING",
                "RUNNING",
                "WAITING",
                "SUCCEEDED",
                "FAILED",
                "CANCELLED",
                "SUPERSEDED",
            ),
        ),
        Filter("--action", "action", "Only those that do this", "ACTION"),
    )
    example = "operation list --state FAILED --long"


class ShowOperation(_verbs.Show):
    """Show an operation with the timeline of its steps"""

    kind = Operation
    columns = _columns.OPERATION
    example = (
        "operation show $(servicevm device show lb-1 -f value -c operation_id)"
    )


class _Control(Base):
    """What cancel and retry share."""

    done: ClassVar[str]

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The operation."""
        parser = super().get_parser(prog_name)
        _verbs.add_ref(parser, Operation)
        return parser


class CancelOperation(_Control):
    """Ask an operation to end before its next step"""

    example = (
        "operation cancel "
        "$(servicevm device show lb-1 -f value -c operation_id)"
    )

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask."""
        found = self.client.cancel_operation(parsed_args.ref)
        self.say(f"operation {found.id}: asked to end, it is {found.state}")


class RetryOperation(_Control):
    """Begin a failed or cancelled operation anew, from its first step"""

    example = (
        "operation retry --wait "
        "$(servicevm device show lb-1 -f value -c operation_id)"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Wait or not."""
        parser = super().get_parser(prog_name)
        _wait.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask, and wait if told."""
        found = self.client.retry_operation(parsed_args.ref)
        if parsed_args.wait is not None:
            reporter = _wait.Reporter(self.stderr)
            try:
                found = self.client.wait_for_operation(
                    found, timeout=parsed_args.wait, callback=reporter
                )
            except KeyboardInterrupt:
                reporter.close()
                _verbs.goes_on(self, f"operation {found.id}")
                raise
            finally:
                reporter.close()
        self.say(f"operation {found.id}: {found.state}")
