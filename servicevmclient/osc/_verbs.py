"""list, show, create, set, unset and delete for any kind of resource.

A noun's commands derive from these and only declare.
"""

import argparse
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from servicevmclient.exceptions import (
    ClientError,
    InvalidInput,
    PreconditionFailed,
)
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _filters, _options, _wait, _watch
from servicevmclient.osc._base import Base, Lister, ShowOne, total
from servicevmclient.osc._columns import Column, give_way, of_list, of_show
from servicevmclient.osc._options import Option, Verb
from servicevmclient.v1._resource import Resource

Shown = tuple[Sequence[str], Iterable[Any]]

#: fields that are another's each time something is tried
_LATER = ("id", "operation_id", "created_at", "updated_at", "launched_at")


class List(Lister):
    """List resources of a kind."""

    kind: ClassVar[type[Resource]]
    columns: ClassVar[Sequence[Column]]
    filters: ClassVar[Sequence[_filters.Filter]] = ()
    #: whether the kind has tags
    tagged: ClassVar[bool] = True
    #: whether the service pages them
    paged: ClassVar[bool] = True
    #: whether it orders them as it is told
    sorted: ClassVar[bool] = True
    #: whether each belongs to a project
    owned: ClassVar[bool] = True
    #: what tells those apart that were asked for last, in their order
    keys: Sequence[str] = ()

    def __init_subclass__(cls) -> None:
        """What a terminal goes without is declared with the columns."""
        super().__init_subclass__()
        cls.give_way = give_way(cls.columns)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Filters, order and pages."""
        parser = super().get_parser(prog_name)
        _filters.add(
            parser,
            self.filters,
            tags=self.tagged,
            pages=self.paged,
            sorts=self.sorted,
            projects=self.owned,
        )
        _watch.add(parser)
        return parser

    def query(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """What the options stand for."""
        return _filters.query(
            parsed_args,
            self.filters,
            self.app,
            self.client,
            tags=self.tagged,
            pages=self.paged,
            sorts=self.sorted,
            projects=self.owned,
        )

    def take_action(self, parsed_args: argparse.Namespace) -> Shown:
        """Ask for the list."""
        query = self.query(parsed_args)
        found = [*self.client.each(self.kind, **query)]
        self.keys = [self.key(one) for one in found]
        headers, rows = self.shown(parsed_args, found)
        return headers, [*rows]

    def key(self, one: Resource) -> str:
        """What tells it apart from the others of its list."""
        return one.ref

    def shown(
        self, parsed_args: argparse.Namespace, found: Iterable[Resource]
    ) -> Shown:
        """Headers, and a row for each, made when it is needed."""
        columns = of_list(self.columns, long=parsed_args.long)
        return [column.header for column in columns], (
            [column.value(one.to_dict_view()) for column in columns]
            for one in found
        )


class Show(ShowOne):
    """Show one resource of a kind."""

    kind: ClassVar[type[Resource]]
    columns: ClassVar[Sequence[Column]]

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The name or id."""
        parser = super().get_parser(prog_name)
        add_ref(parser, self.kind)
        _watch.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Shown:
        """Ask for it."""
        found = self.client.find(self.kind, parsed_args.ref)
        return of_show(self.columns, found.to_dict_view())


class Create(ShowOne):
    """Make one resource of a kind."""

    kind: ClassVar[type[Resource]]
    columns: ClassVar[Sequence[Column]]
    options: ClassVar[Sequence[Option]] = ()
    #: whether an operation makes it, so that one can wait
    waits: ClassVar[bool] = True
    #: whether the service can say what it would be
    tries: ClassVar[bool] = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The options and the name."""
        parser = super().get_parser(prog_name)
        _options.add(parser, self.options, Verb.CREATE)
        if self.tries:
            parser.add_argument(
                "--dry-run",
                action="store_true",
                help="Have it checked and show what it would be; make nothing",
            )
        if self.waits:
            _wait.add(parser)
        parser.add_argument(
            "name", metavar="NAME", help=f"Name of the new {self.kind.noun}"
        )
        return parser

    def attributes(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """What to send, but for the name."""
        return _options.changes(parsed_args, self.options, Verb.CREATE, {})

    def take_action(self, parsed_args: argparse.Namespace) -> Shown:
        """Ask for it, wait if told, and show it."""
        attributes = self.attributes(parsed_args)
        if parsed_args.name is not None:
            attributes["name"] = parsed_args.name
        if self.tries and parsed_args.dry_run:
            tried = self.client.create(self.kind, attributes, dry_run=True)
            return self.tried(tried)
        made = self.client.create(self.kind, attributes)
        if self.waits and parsed_args.wait is not None:
            made = waited(self, made, parsed_args.wait)
        return of_show(self.columns, made.to_dict_view())

    def tried(self, tried: Resource) -> Shown:
        """What it would be, without what it would get only then."""
        names, values = of_show(self.columns, tried.to_dict_view())
        shown = {
            name: value
            for name, value in zip(names, values, strict=True)
            if name not in _LATER
        }
        return [*shown], [*shown.values()]


class Change(Base):
    """set and unset: what they share."""

    kind: ClassVar[type[Resource]]
    options: ClassVar[Sequence[Option]] = ()
    verb: ClassVar[Verb]
    waits: ClassVar[bool] = False

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The options and the name or id."""
        parser = super().get_parser(prog_name)
        _options.add(parser, self.options, self.verb)
        if self.waits:
            _wait.add(parser)
        add_ref(parser, self.kind)
        return parser

    def changes(
        self, parsed_args: argparse.Namespace, current: Resource
    ) -> dict[str, Any]:
        """What to send."""
        return _options.changes(
            parsed_args, self.options, self.verb, current.to_dict_view()
        )

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Change it; once more if somebody else did meanwhile."""
        merges = _options.needs_current(parsed_args, self.options, self.verb)
        found = self.client.find(self.kind, parsed_args.ref)
        for last in (False, True):
            if merges and found.etag is None:
                found = self.client.get(self.kind, found.ref)
            changes = self.changes(parsed_args, found)
            if not changes:
                raise InvalidInput(
                    "There is nothing to change.",
                    hint="Give at least one option; see --help.",
                )
            try:
                changed = self.client.update(
                    self.kind,
                    found.ref,
                    changes,
                    if_match=found.etag if merges else None,
                )
                break
            except PreconditionFailed:
                if last:
                    raise
                found = self.client.get(self.kind, found.ref)
        if self.waits and parsed_args.wait is not None:
            waited(self, changed, parsed_args.wait)
        return ExitCode.OK


class Set(Change):
    """Change a resource of a kind."""

    verb = Verb.SET


class Unset(Change):
    """Take something away from a resource of a kind."""

    verb = Verb.UNSET


class Delete(Base):
    """Delete resources of a kind; a line for each, and a count."""

    kind: ClassVar[type[Resource]]
    #: whether an operation deletes it, so that one can wait
    waits: ClassVar[bool] = True

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The names or ids."""
        parser = super().get_parser(prog_name)
        if self.waits:
            _wait.add(parser)
        add_ref(parser, self.kind, many=True)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Ask for all, then wait for all if told."""
        codes = []
        asked: dict[str, str] = {}
        refs = list(dict.fromkeys(parsed_args.refs))
        for ref in refs:
            try:
                found = self.client.find(self.kind, ref)
                operation = self.client.delete(self.kind, found.ref)
            except ClientError as error:
                codes.append(self.failed(self.kind.noun, ref, error))
                continue
            asked[ref] = found.ref
            if operation is None:
                self.say(f"{self.kind.noun} {ref}: deleted")
            elif parsed_args.wait is None:
                self.say(f"{self.kind.noun} {ref}: operation {operation}")
        if self.waits and parsed_args.wait is not None:
            codes += self._wait(asked, parsed_args.wait)
        if codes and len(refs) > 1:
            self.stderr.write(f"{len(codes)} of {len(refs)} failed.\n")
        return total(codes)

    def _wait(
        self, asked: Mapping[str, str], timeout: float
    ) -> Sequence[ExitCode]:
        codes = []
        began = time.monotonic()
        for name, ref in asked.items():
            try:
                gone(self, self.kind, ref, name, began, timeout)
            except ClientError as error:
                codes.append(self.failed(self.kind.noun, name, error))
        return codes


def add_ref(
    parser: argparse.ArgumentParser,
    kind: type[Resource],
    *,
    many: bool = False,
) -> None:
    """The positional that names a resource of a kind."""
    named = kind.named and kind.identity == "id"
    text = "Name or ID" if named else kind.identity.title().replace("Id", "ID")
    parser.add_argument(
        "refs" if many else "ref",
        metavar=kind.noun.replace(" ", "-").upper(),
        nargs="+" if many else None,
        help=f"{text} of the {kind.noun}",
    )


def called(parsed_args: argparse.Namespace) -> str:
    """What the user calls the resource that the positional names."""
    # A watch asks by the id after its first look.
    return str(getattr(parsed_args, "called", parsed_args.ref))


def goes_on(command: Base, what: str) -> None:
    """Say that ^C ends the wait, and nothing else."""
    command.say(f"{what}: it goes on without us; see operation list")


def gone(
    command: Base,
    kind: type[Resource],
    ref: str,
    name: str,
    began: float,
    timeout: float,
) -> None:
    """Wait until a resource is deleted; progress on standard error.

    :param began: monotonic seconds from which the time counts
    """
    reporter = _wait.Reporter(command.stderr)
    left = max(0.0, timeout - (time.monotonic() - began))
    waiter = command.client.waiter(timeout=left, callback=reporter)
    try:
        waiter.gone(kind, ref, name)
    except KeyboardInterrupt:
        reporter.close()
        goes_on(command, f"the deletion of {kind.noun} {name}")
        raise
    finally:
        reporter.close()
    took = time.monotonic() - began
    command.say(f"{kind.noun} {name}: deleted, {took:.1f} s")


def waited(command: Base, resource: Any, timeout: float) -> Any:
    """The resource after its operation; progress on standard error."""
    reporter = _wait.Reporter(command.stderr)
    began = time.monotonic()
    try:
        waiter = command.client.waiter(timeout=timeout, callback=reporter)
        found = waiter.settled(resource)
    except KeyboardInterrupt:
        reporter.close()
        goes_on(command, f"{resource.noun} {resource.name}")
        raise
    finally:
        reporter.close()
    took = time.monotonic() - began
    command.say(
        f"{found.noun} {found.name}: {found.provisioning_status}, {took:.1f} s"
    )
    return found
