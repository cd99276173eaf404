"""Command: device show."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Final

from servicevmclient.osc import _cells, _columns, _verbs
from servicevmclient.osc._sentences import Sentences
from servicevmclient.v1.device import Device
from servicevmclient.v1.explanation import Facts

#: What is told of a service on the device, of its operation, of an event.
_SERVICE: Final = (
    "id",
    "name",
    "service_type",
    "provisioning_status",
    "operating_status",
    "status_code",
    "status_reason",
)
_OPERATION: Final = (
    "id",
    "action",
    "initiator",
    "state",
    "step",
    "attempts",
    "error_code",
    "error_text",
    "created_at",
    "finished_at",
    "steps",
)
_EVENT: Final = ("id", "at", "severity", "type", "resource_name", "message")
#: Newest events that are shown.
_EVENTS: Final = 5


class Operation(_cells.Cell):
    """An operation: what it does and how far it is, then its steps."""

    def text(self, value: Mapping[str, Any]) -> str:
        """``create WAITING, step boot``, and a line for each step."""
        step = f", step {value['step']}" if value["step"] else ""
        error = f": {value['error_text']}" if value["error_text"] else ""
        head = f"{value['action']} {value['state']}{step}{error}"
        steps = _cells.Timeline(value["steps"] or []).human_readable()
        return f"{head}\n{steps}".rstrip()


class Services(_cells.Cell):
    """Services: what each is and how it does."""

    def text(self, value: Sequence[Mapping[str, Any]]) -> str:
        """``web (loadbalancer): ACTIVE, ONLINE``."""
        return "\n".join(
            f"{one['name']} ({one['service_type']}): "
            f"{one['provisioning_status']}, {one['operating_status']}"
            f"{' ' + one['status_reason'] if one['status_reason'] else ''}"
            for one in value
        )


class Events(_cells.Cell):
    """Events, one a line."""

    def text(self, value: Sequence[Mapping[str, Any]]) -> str:
        """``2026-11-22T18:20:01Z INFO It is ONLINE.``."""
        return "\n".join(
            f"{_cells.Moment(one['at']).human_readable()} {one['severity']} "
            f"{one['message']}"
            for one in value
        )


class ShowDevice(_verbs.Show):
    """Show a device"""

    kind = Device
    columns = _columns.DEVICE
    example = "device show --long lb-1"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Which, and how much of it."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--long",
            action="store_true",
            help="Also its services, its newest operation with steps, its "
            "last events, and what to do next",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask for it, and for what belongs to it only if told."""
        if not parsed_args.long:
            return super().take_action(parsed_args)
        device = self.client.find(Device, parsed_args.ref)
        told = self.client.explain_device(
            device,
            ref=_verbs.called(parsed_args),
            ages=parsed_args.watch is None,
        )
        names, values = _columns.of_show(self.columns, device.to_dict_view())
        more = {
            **_belonging(told.facts),
            "advice": Sentences.of(told.advice, self.shell_words()),
        }
        return [*names, *more], [*values, *more.values()]


def _belonging(facts: Facts) -> Mapping[str, Any]:
    """What belongs to the device, by the name of its field."""
    operation = facts.operation
    return {
        "services": Services(
            [_some(one.to_dict_view(), _SERVICE) for one in facts.services]
        ),
        "operation": Operation(
            None
            if operation is None
            else _some(operation.to_dict_view(), _OPERATION)
        ),
        "events": Events(
            [_some(one.to_dict_view(), _EVENT) for one in facts.events][
                :_EVENTS
            ]
        ),
    }


def _some(data: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: data.get(key) for key in keys}
