"""Commands: driver."""

import argparse

from servicevmclient.exceptions import InvalidInput, NotFound
from servicevmclient.osc import _columns, _verbs
from servicevmclient.osc._base import ShowOne
from servicevmclient.osc._filters import Filter
from servicevmclient.v1._resource import Resource
from servicevmclient.v1.driver import Driver

_KIND = Filter(
    "--kind",
    "kind",
    "Only those that make devices (infra) or tend them (mgmt)",
    "KIND",
    choices=("infra", "mgmt"),
)


class ListDriver(_verbs.List):
    """List the drivers that device templates can name"""

    kind = Driver
    columns = _columns.DRIVER
    tagged = False
    paged = False
    owned = False
    filters = (_KIND,)
    example = "driver list"

    def key(self, one: Resource) -> str:
        """One of each kind may have the same name."""
        kind = one.to_dict_view()["kind"]
        return f"{kind} {one.ref}"


class ShowDriver(ShowOne):
    """Show what a driver can do and the schema of its options"""

    example = "driver show --kind infra noop -f json -c options_schema"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Its name, and its kind where there are two."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--kind", choices=_KIND.choices, help="infra or mgmt"
        )
        _verbs.add_ref(parser, Driver)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Look for it among all."""
        name, kind = parsed_args.ref, parsed_args.kind
        found = [*self.client.drivers(name=name, kind=kind)]
        if not found:
            raise NotFound(
                f"No {kind + ' ' if kind else ''}driver is named {name!r}.",
                hint="See: driver list",
            )
        if len(found) > 1:
            raise InvalidInput(
                f"There is an infra driver and a mgmt driver {name!r}.",
                hint="Say which one with --kind.",
            )
        return _columns.of_show(_columns.DRIVER, found[0].to_dict_view())
