"""Commands: hold."""

import argparse
from typing import Any, Final, NamedTuple

from servicevmclient.exceptions import NotFound
from servicevmclient.osc import _columns, _project, _values, _verbs
from servicevmclient.osc._base import Base, ShowOne
from servicevmclient.osc._columns import of_show
from servicevmclient.osc._filters import Filter
from servicevmclient.v1._resource import Resource
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.hold import TARGETS, Hold


class _Target(NamedTuple):
    """What a hold can be on.

    :param kind: kind of resource that the option's value names; None where
        it names a project
    """

    scope: str
    metavar: str
    help: str
    kind: type[Resource] | None


_NAMED: Final = (
    _Target("device", "DEVICE", "This device (name or ID)", Device),
    _Target(
        "template",
        "TEMPLATE",
        "All devices of this template (name or ID)",
        DeviceTemplate,
    ),
    _Target(
        "project",
        "PROJECT",
        "All devices of this project (ID; under openstack also its name)",
        None,
    ),
)


class SetHold(ShowOne):
    """Keep everything automatic off a device, a template's or project's
    devices, or everything; set again, it has the new reason and expiry"""

    example = "hold set --device lb-1 --reason 'Disk is swapped' --expires 2h"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """What to hold, why and for how long."""
        parser = super().get_parser(prog_name)
        _add_targets(parser)
        parser.add_argument(
            "--reason",
            metavar="TEXT",
            required=True,
            help="Why, for people: the device's project sees it, too",
        )
        parser.add_argument(
            "--expires",
            metavar="TIME",
            type=_values.later,
            help="When it ends by itself: in 30m, 2h or 7d, or at "
            "2026-12-01T08:00Z; never, if not given",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Set it and show it."""
        scope, target, _ = _target(self, parsed_args)
        made = self.client.create(
            Hold,
            {
                TARGETS[scope]: target,
                "reason": parsed_args.reason,
                "expires_at": parsed_args.expires,
            },
        )
        return of_show(_columns.HOLD, made.to_dict_view())


class UnsetHold(Base):
    """Let what is automatic have its way again"""

    example = "hold unset --device lb-1"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The hold, or what it is on."""
        parser = super().get_parser(prog_name)
        _add_targets(parser).add_argument(
            "hold", metavar="HOLD", nargs="?", help="ID of the hold"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Take it away, and say so."""
        if parsed_args.hold is not None:
            self.client.delete(Hold, parsed_args.hold)
            self.say(f"hold {parsed_args.hold}: unset")
            return
        scope, target, named = _target(self, parsed_args)
        named_too = target if isinstance(target, str) else None
        found = next(self.client.holds(scope=scope, target=named_too), None)
        if found is None:
            raise NotFound(
                f"There is no hold on {named}.",
                hint="What holds a device can be on its template, its "
                "project or everything; see: device show, hold list",
            )
        self.client.delete(Hold, found.ref)
        self.say(f"hold on {named}: unset")


class ListHold(_verbs.List):
    """List the holds that have not expired"""

    kind = Hold
    columns = _columns.HOLD
    filters = (
        Filter(
            "--scope",
            "scope",
            "Only those on such",
            "|".join(TARGETS),
            choices=tuple(TARGETS),
        ),
    )
    tagged = False
    owned = False
    example = "hold list"


class ShowHold(_verbs.Show):
    """Show a hold"""

    kind = Hold
    columns = _columns.HOLD
    example = (
        "hold show $(servicevm hold list --limit 1 --long -f value -c ID)"
    )


def _add_targets(parser: argparse.ArgumentParser) -> Any:
    """Render the options of which one must be given."""
    group = parser.add_mutually_exclusive_group(required=True)
    for one in _NAMED:
        group.add_argument(
            f"--{one.scope}", metavar=one.metavar, help=one.help
        )
    group.add_argument(
        "--everything", action="store_true", help="All devices there are"
    )
    return group


def _target(
    command: Base, parsed_args: argparse.Namespace
) -> tuple[str, str | bool, str]:
    """Scope and target of what is named, and how to call it."""
    for one in _NAMED:
        name = getattr(parsed_args, one.scope)
        if name is None:
            continue
        if one.kind is None:
            ref = _project.id_of(command.app, name)
        else:
            ref = command.client.find(one.kind, name).ref
        return one.scope, ref, f"{one.scope} {name}"
    return "everything", True, "everything"
