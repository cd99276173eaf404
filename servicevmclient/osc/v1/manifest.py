"""Commands: apply, diff and export."""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from servicevmclient.exceptions import ClientError, InvalidInput
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _cells, _files, _verbs, _wait
from servicevmclient.osc._base import Base, Lister, total
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.plan import Difference, Outcome, Plan, Step, Verb

#: what is said of a step that was taken
_DONE: Mapping[Verb, str] = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.DELETE: "deleted",
    Verb.KEEP: "unchanged",
}
#: characters of a value that are shown to people
_WIDEST = 60


class Changes(_cells.Cell):
    """Values that are to be others: one a line."""

    def text(self, value: Sequence[Mapping[str, Any]]) -> str:
        """``slots: 1 -> 2``."""
        return "\n".join(
            f"{one['field']}: {_short(one['now'])} -> {_short(one['then'])}"
            for one in value
        )


class Value(_cells.Cell):
    """Any value of JSON."""

    def text(self, value: Any) -> str:
        """As in JSON, but for texts."""
        return value if isinstance(value, str) else _cells.plain(value)


class _OfManifest(Lister):
    """A command that reads a manifest."""

    # Without this, -f would be the formatter's.
    conflict_handler = "resolve"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The file, and what belongs to it."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "-f",
            "--file",
            metavar="FILE",
            required=True,
            help="YAML or JSON file with the manifest ('-': standard input); "
            "the output's format is chosen with --format",
        )
        parser.add_argument(
            "--prune",
            action="store_true",
            help="Delete what carries the manifest's label and is not in it",
        )
        return parser

    def plan(self, parsed_args: argparse.Namespace) -> Plan:
        """The manifest against what is there; problems are told."""
        document = _files.load(parsed_args.file, self.app.stdin)
        found = self.client.plan(document, prune=parsed_args.prune)
        codes = [
            self.failed(step.kind.noun, step.name, error)
            for step, error in found.problems
        ]
        if codes:
            self.stderr.write("Nothing was changed.\n")
            self.ended = total(codes)
        return found


class Apply(_OfManifest):
    """Make templates, devices and services be as a manifest says; applying
    it again does nothing"""

    example = "apply -f shop.yaml --wait"
    give_way = ("ID", "Changes")
    _headers = ("Kind", "Name", "Action", "Changes", "Result", "ID")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The manifest, and how far to go."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Have the service check it, and show what would be done",
        )
        parser.add_argument(
            "--yes",
            action="store_true",
            help="Delete without asking; needed where nobody can be asked",
        )
        _wait.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Do what the plan says, unless something is wrong with it."""
        plan = self.plan(parsed_args)
        if parsed_args.dry_run or self.ended is not ExitCode.OK:
            return self._headers, [_row(one, _seen(one)) for one in plan.steps]
        if not parsed_args.yes:
            self._ask(plan)
        wait = parsed_args.wait
        timeout = _wait.DEFAULT if wait is None else wait
        outcomes = [*self.client.carry_out(plan, timeout=timeout)]
        codes = [
            self.failed(one.step.kind.noun, one.step.name, one.error)
            for one in outcomes
            if one.error is not None
        ]
        if codes:
            self.stderr.write(f"{len(codes)} of {len(plan.todo)} failed.\n")
        if wait is not None:
            codes += self._wait(outcomes, wait)
        self.ended = total(codes)
        return self._headers, [
            _row(
                one.step,
                _DONE[one.step.verb] if one.error is None else "failed",
                one.ref,
            )
            for one in outcomes
        ]

    def _ask(self, plan: Plan) -> None:
        """Have the user agree to deletions.

        :raises InvalidInput: nobody did
        """
        counts = Counter(
            one.kind.noun for one in plan.todo if one.verb is Verb.DELETE
        )
        if not counts:
            return
        what = ", ".join(
            f"{count} {noun}{'s' * (count > 1)}"
            for noun, count in counts.items()
        )
        stdin: TextIO = self.app.stdin
        if stdin.isatty():
            self.stderr.write(f"Delete {what}? [y/N] ")
            self.stderr.flush()
            if stdin.readline().strip().lower() in ("y", "yes"):
                return
        raise InvalidInput(
            f"It would delete {what}.",
            title="Nobody agreed to a deletion.",
            hint="See them with --dry-run; --yes deletes without asking. "
            "Nothing was changed.",
        )

    def _wait(
        self, outcomes: Sequence[Outcome], timeout: float
    ) -> Iterator[ExitCode]:
        """Wait until each is as it is to be; all within one time."""
        began = time.monotonic()
        for one in outcomes:
            step = one.step
            if one.error is not None or step.kind is DeviceTemplate:
                continue
            if step.verb is Verb.KEEP:
                continue
            ref = str(one.ref)
            try:
                if step.verb is Verb.DELETE:
                    _verbs.gone(
                        self, step.kind, ref, step.name, began, timeout
                    )
                else:
                    left = max(0.0, timeout - (time.monotonic() - began))
                    found = self.client.get(step.kind, ref)
                    _verbs.waited(self, found, left)
            except ClientError as error:
                yield self.failed(step.kind.noun, step.name, error)


class Diff(_OfManifest):
    """Show what apply would change, value by value; exit code 0: nothing, 1:
    something, 2: it cannot be said"""

    example = "diff -f shop.yaml"
    _differs = False

    def run(self, parsed_args: argparse.Namespace) -> int:
        """As everywhere; what failed is 2, as of other diffs."""
        if super().run(parsed_args):
            return ExitCode.USAGE
        return int(self._differs)

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask, and change nothing."""
        todo = self.plan(parsed_args).todo
        self._differs = bool(todo)
        rows = [
            [
                step.kind.noun,
                step.name,
                str(step.verb),
                one.path,
                Value(one.before),
                Value(one.after),
            ]
            for step in todo
            for one in step.changes or [Difference("", None, None)]
        ]
        return ("Kind", "Name", "Action", "Field", "Now", "Then"), rows


class Export(Base):
    """Write what is there as a manifest, for apply and diff; without what
    another service of the cloud owns"""

    example = "export --label shop"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Of what."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--label",
            metavar="LABEL",
            help="Only what was applied with this label",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Ask for all of it."""
        from servicevmclient.osc._yaml import dump

        document = self.client.export(label=parsed_args.label)
        stdout: TextIO = getattr(self.app, "stdout", sys.stdout)
        stdout.write(dump(document))
        return ExitCode.OK


def _row(step: Step, result: str, ref: str | None = None) -> list[Any]:
    changes = [
        {"field": one.path, "now": one.before, "then": one.after}
        for one in step.changes
    ]
    return [
        step.kind.noun,
        step.name,
        str(step.verb),
        Changes(changes),
        result,
        _cells.Cell(ref or step.ref),
    ]


def _seen(step: Step) -> str:
    """What the service says of a step before it is taken."""
    if step.problem is not None:
        return "refused"
    if step.verb is Verb.KEEP:
        return _DONE[Verb.KEEP]
    return "checked" if step.checked else "not checked yet"


def _short(value: Any) -> str:
    text = _cells.plain(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 3]}..."
