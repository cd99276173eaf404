"""Commands: event."""

import argparse
from typing import Any

from servicevmclient.exceptions import InvalidInput
from servicevmclient.osc import _columns, _stream, _verbs
from servicevmclient.osc._filters import Filter
from servicevmclient.osc.v1.operation import DEVICE, RESOURCE
from servicevmclient.v1.event import Event

#: Events that are there already and are shown when one begins to follow.
_LAST = 10


class ListEvent(_verbs.List):
    """List events, or follow them as they are written"""

    kind = Event
    columns = _columns.EVENT
    _silent = False
    tagged = False
    filters = (
        DEVICE,
        RESOURCE,
        Filter("--type", "type", "Only those of this type", "TYPE"),
        Filter(
            "--severity",
            "severity",
            "Only those of this severity",
            "SEVERITY",
            choices=("INFO", "WARNING", "ERROR"),
        ),
    )
    example = "event list --device lb-1 --limit 20"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Those of lists, and whether to follow and for how long."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--follow",
            action="store_true",
            help="Show the newest (--limit; default: 10) or those after "
            "--marker, the oldest first, then each as it is written, until "
            "--until or ^C",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask for the list, or go on asking."""
        if not parsed_args.follow:
            return super().take_action(parsed_args)
        if parsed_args.watch is not None:
            raise InvalidInput("--follow and --watch do not go together.")
        if parsed_args.sort or parsed_args.sort_columns:
            raise InvalidInput("With --follow the oldest event comes first.")
        query = self.query(parsed_args)
        # A page as large as the service likes.
        del query["sort"], query["limit"]
        limit = query.pop("max_items")
        events = self.client.follow_events(
            last=limit or _LAST,
            timeout=_stream.seconds(parsed_args.until),
            callback=self._note,
            **query,
        )
        return self.shown(parsed_args, events)

    def instead(self, parsed_args: argparse.Namespace) -> Any:
        """What is followed has a line for each."""
        if parsed_args.follow:
            return _stream.Stream(parsed_args.formatter)
        return super().instead(parsed_args)

    def _note(self, trouble: str | None) -> None:
        """Say once that nobody answers, and that somebody does again."""
        if trouble is not None and not self._silent:
            self.say(f"No answer; trying again: {trouble}")
        elif trouble is None and self._silent:
            self.say("There are answers again.")
        self._silent = trouble is not None
