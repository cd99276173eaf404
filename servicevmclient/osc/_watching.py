"""What a watch is for list and for show."""

import argparse
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

from servicevmclient.exceptions import InvalidInput
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _stream, _table, _watch
from servicevmclient.osc._screen import Screen
from servicevmclient.osc._watch import Look


class _Watching:
    """A watch with the command that looks.

    :param command: a cliff command that was run, up to its first output
    """

    #: a look has a single row
    single: bool

    def __init__(self, command: Any, parsed_args: argparse.Namespace) -> None:
        if parsed_args.formatter not in ("table", "json"):
            raise InvalidInput(
                f"--watch does not write {parsed_args.formatter}.",
                hint="Leave -f out, or use -f json for an object a line.",
            )
        if vars(parsed_args).get("sort_columns"):
            raise InvalidInput(
                "--watch does not go together with --sort-column.",
                hint="Use --sort: the service then sorts.",
            )
        self._command = command
        self._parsed = parsed_args

    def run(self, names: Sequence[str], found: Iterable[Any]) -> ExitCode:
        """Watch from a first look on; return the exit code.

        :param found: as the command's `take_action` gives it
        """
        first = self._look(names, found)
        if self.single and "id" in names:
            # It may be given another name while we watch.
            self._parsed.called = self._parsed.ref
            self._parsed.ref = first.rows[0][names.index("id")]
        stdout = self._command.app.stdout
        view: _watch.View
        if self._parsed.formatter == "json" or not _watch.screen_of(stdout):
            view = _watch.Lines(stdout, self._command.say, single=self.single)
        else:
            view = Screen(stdout, self._render, self._parsed.watch)
        return _watch.watch(
            view,
            self._take,
            first,
            interval=self._parsed.watch,
            timeout=_stream.seconds(self._parsed.until),
            choose=self._chosen,
            ended=self._ended,
        )

    def _take(self) -> Look:
        return self._look(*self._command.take_action(self._parsed))

    def _chosen(self, look: Look) -> Look:
        """The columns that the user wants."""
        wanted, selector = self._command._generate_columns_and_selector(
            self._parsed, look.names
        )
        if selector is None:
            return look
        rows = [[*compress(row, selector)] for row in look.rows]
        return look._replace(names=wanted, rows=rows)

    def _look(self, names: Sequence[str], found: Iterable[Any]) -> Look:
        raise NotImplementedError

    def _render(self, look: Look, width: int) -> str:
        raise NotImplementedError

    def _ended(self, look: Look) -> ExitCode | None:
        raise NotImplementedError


class OfList(_Watching):
    """A list, which has no end."""

    single = False

    def _look(self, names: Sequence[str], found: Iterable[Any]) -> Look:
        return Look(names, [*found], self._command.keys)

    def _render(self, look: Look, width: int) -> str:
        table, _ = _table.fitted(
            look.names, look.rows, width, self._command.give_way
        )
        return table

    def _ended(self, look: Look) -> ExitCode | None:
        return None


class OfShow(_Watching):
    """One thing, which may come to rest."""

    single = True

    def _look(self, names: Sequence[str], found: Iterable[Any]) -> Look:
        return Look(names, [[*found]], [""])

    def _render(self, look: Look, width: int) -> str:
        rows = list(zip(look.names, look.rows[0], strict=True))
        table, _ = _table.fitted(["Field", "Value"], rows, width)
        return table

    def _ended(self, look: Look) -> ExitCode | None:
        return _watch.settled(look)
