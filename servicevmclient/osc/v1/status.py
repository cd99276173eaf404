"""Command: status."""

import argparse
from collections.abc import Mapping
from typing import Any

from servicevmclient.osc import _cells, _verbs, _watch
from servicevmclient.osc._base import ShowOne
from servicevmclient.osc._sentences import Sentences


class States(_cells.Cell):
    """How many there are, by their states."""

    def text(self, value: Mapping[str, Any]) -> str:
        """``3: ACTIVE 2, ERROR 1; ONLINE 2, DEAD 1``."""
        counts = [
            _cells.Counts(value[key]).human_readable()
            for key in ("provisioning_status", "operating_status")
        ]
        words = "; ".join(one for one in counts if one)
        return f"{value['total']}{': ' + words if words else ''}"


class Processes(_cells.Cell):
    """How many processes live, what else is known, and which do not."""

    def text(self, value: Mapping[str, Any]) -> str:
        """``alive 2, sessions 12; silent: r3``."""
        numbers = {k: v for k, v in value.items() if k != "silent"}
        silent = ", ".join(value["silent"])
        text = ", ".join(f"{key} {count}" for key, count in numbers.items())
        return f"{text}; silent: {silent}" if silent else text


class Attention(Sentences):
    """What somebody should look at."""

    def text(self, value: Any) -> str:
        """The sentences, or that all is well."""
        return super().text(value) or "Nothing: all is well."


class ShowStatus(ShowOne):
    """Show the whole installation at a glance, and what needs attention; who
    may not see it all is shown the own project"""

    example = "status"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Whether to go on looking."""
        parser = super().get_parser(prog_name)
        _watch.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask for all of it."""
        found = self.client.get_overview(ages=parsed_args.watch is None)
        fields = found._asdict() | {
            "attention": Attention.of(found.attention, self.shell_words()),
            "devices": States(found.devices),
            "services": States(found.services),
            "operations": _cells.Counts(found.operations),
            "relays": Processes(found.relays),
            "conductors": Processes(found.conductors),
            "breakers": _cells.Words(found.breakers),
            "holds": _cells.Rows(found.holds),
            "certificates": _cells.Rows(found.certificates),
        }
        return [*fields], [*fields.values()]
