"""The base of every command: client, errors, exit codes, help."""

import argparse
import logging
import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TextIO

from cliff import command, lister, show

from servicevmclient.exceptions import ClientError, InvalidInput
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _errors, _stream, _table

if TYPE_CHECKING:
    from servicevmclient.v1.client import Client

LOG = logging.getLogger(__name__)


class Base(command.Command):
    """What all commands do alike.

    cliff turns every exception into exit code 1; so errors are caught, told
    and turned into one of `ExitCode` here, in ``openstack`` as well.
    """

    #: a command line that runs, from the noun on; shown by --help
    example: ClassVar[str] = ""
    #: said by cliff otherwise, after it looked through all distributions
    app_dist_name = "servicevm"
    #: exit code of what did not fail; cliff has none for lists and shows
    ended: ExitCode = ExitCode.OK

    @property
    def client(self) -> "Client":
        """The client, made when it is first used."""
        app: Any = self.app
        found: Client = app.client_manager.servicevm
        return found

    @property
    def stderr(self) -> TextIO:
        """Where everything goes that is not the result."""
        found: TextIO = getattr(self.app, "stderr", sys.stderr)
        return found

    def run(self, parsed_args: argparse.Namespace) -> int:
        """Run; tell an error; return the exit code."""
        try:
            _stream.check_until(parsed_args)
            return int(super().run(parsed_args)) or self.ended
        except ClientError as error:
            self.tell(error)
            return error.exit_code

    def tell(self, error: ClientError) -> None:
        """Write an error to standard error."""
        LOG.debug("The command failed", exc_info=error)
        columns = shutil.get_terminal_size().columns
        width = columns if self.stderr.isatty() else None
        self.stderr.write("\n".join(_errors.lines(error, width)) + "\n")

    def failed(self, noun: str, name: str, error: ClientError) -> ExitCode:
        """Say which of many failed and why; return its exit code."""
        self.stderr.write(f"{noun} {name}: failed\n")
        self.tell(error)
        return error.exit_code

    def say(self, line: str) -> None:
        """Write a line to standard error, unless --quiet."""
        options = getattr(self.app, "options", None)
        if getattr(options, "verbose_level", 1) > 0:
            self.stderr.write(line + "\n")

    def get_epilog(self) -> str:
        """The example; cliff's own note takes 0.05 s to find out."""
        if not self.example:
            return ""
        return f"Example: {self.shell_words()} {self.example}"

    def shell_words(self) -> str:
        """What a command line begins with, up to the noun."""
        # Without an application: in documentation, made by sphinx.
        shell = getattr(self.app, "NAME", "openstack")
        return shell if shell == "servicevm" else f"{shell} servicevm"

    def _load_hooks(self) -> None:
        # No hooks in our own shell: looking for them costs 0.1 s where
        # stevedore has no cache (containers, a read-only home).
        if getattr(self.app, "light", False):
            self._hooks = []
        else:
            super()._load_hooks()


class Lister(Base, lister.Lister):
    """A command that shows a table."""

    #: headers of columns that a narrow terminal goes without, first one first
    give_way: ClassVar[Sequence[str]] = ()

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Iterable[Sequence[Any]],
    ) -> int:
        """On a terminal, a table that fits it; else what cliff makes."""
        if _watched(parsed_args):
            from servicevmclient.osc._watching import OfList

            watching = OfList(self, parsed_args)
            self.ended = watching.run(column_names, data)
            return self.ended
        self.formatter = self.instead(parsed_args)
        return super().produce_output(parsed_args, column_names, data)

    def instead(self, parsed_args: argparse.Namespace) -> Any:
        """What writes the rows."""
        stdout: TextIO = getattr(self.app, "stdout", sys.stdout)
        if parsed_args.formatter != "table":
            return self.formatter
        if stdout.isatty() and not _table.chosen(parsed_args):
            width = shutil.get_terminal_size().columns
            return _table.Fitting(width, self.give_way, self._left_out)
        if not _table.folded(parsed_args, stdout):
            return _table.Whole(self.formatter)
        return self.formatter

    def _left_out(self, headers: Sequence[str]) -> None:
        width = shutil.get_terminal_size().columns
        self.say(f"Not shown in {width} columns: {', '.join(headers)}; see -c")

    def _load_formatter_plugins(self) -> Any:
        return _formatters(self, super()._load_formatter_plugins)

    def _generate_columns_and_selector(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str]
    ) -> Any:
        return _selected(
            super()._generate_columns_and_selector, parsed_args, column_names
        )


class ShowOne(Base, show.ShowOne):
    """A command that shows one thing."""

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Sequence[Any],
    ) -> int:
        """What cliff makes, or a look after the other."""
        if _watched(parsed_args):
            from servicevmclient.osc._watching import OfShow

            watching = OfShow(self, parsed_args)
            self.ended = watching.run(column_names, data)
            return self.ended
        return super().produce_output(parsed_args, column_names, data)

    def _load_formatter_plugins(self) -> Any:
        return _formatters(self, super()._load_formatter_plugins)

    def _generate_columns_and_selector(
        self, parsed_args: argparse.Namespace, column_names: Sequence[str]
    ) -> Any:
        return _selected(
            super()._generate_columns_and_selector, parsed_args, column_names
        )


def _watched(parsed_args: argparse.Namespace) -> bool:
    return getattr(parsed_args, "watch", None) is not None


def _formatters(owner: Any, default: Any) -> Any:
    """cliff's own formatters without stevedore, in our own shell."""
    if not getattr(owner.app, "light", False):
        return default()
    from servicevmclient.osc._formatters import Formatters

    return Formatters(owner.formatter_namespace)


def _selected(
    default: Any, parsed_args: argparse.Namespace, names: Sequence[str]
) -> Any:
    try:
        return default(parsed_args, names)
    except ValueError as error:
        raise InvalidInput(
            f"None of the columns is there: {', '.join(parsed_args.columns)}.",
            hint=f"Use some of: {', '.join(names)}.",
        ) from error


def total(codes: Sequence[ExitCode]) -> ExitCode:
    """The exit code of many: theirs if they agree, else ERROR."""
    failed = {code for code in codes if code is not ExitCode.OK}
    if not failed:
        return ExitCode.OK
    return failed.pop() if len(failed) == 1 else ExitCode.ERROR
