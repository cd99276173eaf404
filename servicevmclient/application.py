"""The application ``servicevm``, on cliff, as `servicevmclient.shell` runs it.

Only what a command needs is imported; a test keeps it so.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from cliff import app, commandmanager

from servicevmclient import config
from servicevmclient.osc._commands import COMMANDS


class Lazy:
    """A command that is imported when it is used; like an entry point."""

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.value = value

    def load(self) -> Any:
        """The class of the command."""
        module, _, attribute = self.value.partition(":")
        return getattr(import_module(module), attribute)


class Commands(commandmanager.CommandManager):
    """The static table, in place of a look through entry points."""

    def __init__(self) -> None:
        super().__init__()
        table: dict[str, Any] = self.commands
        table |= {name: Lazy(name, value) for name, value in COMMANDS.items()}


class ClientManager:
    """What commands get their client from, as in ``openstack``."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._client: Any = None

    @property
    def servicevm(self) -> Any:
        """The client, made at first use."""
        if self._client is None:
            given = {
                name: value
                for name in config.OPTIONS
                if (value := getattr(self._options, _dest(name))) is not None
            }
            self._client = config.client(
                given, insecure=self._options.insecure
            )
        return self._client


class Shell(app.App):
    """The ``servicevm`` application."""

    NAME = "servicevm"
    #: commands leave out what costs time to find; see osc._base
    light = True

    def __init__(self, **streams: Any) -> None:
        super().__init__(
            description="Command line of the Service VM / Device Manager.",
            version=None,
            command_manager=Commands(),
            # `servicevm device list --help` is about the command.
            deferred_help=True,
            **streams,
        )
        self.client_manager: Any = None

    def build_option_parser(
        self,
        description: str | None,
        version: str | None,
        argparse_kwargs: dict[str, Any] | None = None,
    ) -> argparse.ArgumentParser:
        """cliff's options, and where and who; OS_* stand in for each."""
        parser = super().build_option_parser(
            description,
            version,
            # "resolve": --version is ours.
            {
                "prog": self.NAME,
                "conflict_handler": "resolve",
                **(argparse_kwargs or {}),
            },
        )
        parser.add_argument(
            "--version",
            action=_Version,
            nargs=0,
            help="Show the version and exit",
        )
        for name, text in config.OPTIONS.items():
            parser.add_argument(
                f"--os-{name}",
                dest=_dest(name),
                metavar=f"<{name}>",
                help=f"{text} (Env: OS_{name.replace('-', '_').upper()})",
            )
        parser.add_argument(
            "--insecure",
            action="store_true",
            help="Do not check the service's certificate",
        )
        return parser

    def configure_logging(self) -> None:
        """As cliff does; libraries' words only with --verbose or --debug."""
        if self.options.debug:
            self.options.verbose_level = 3
        super().configure_logging()
        quiet = self.options.verbose_level < 2
        for name in ("keystoneauth", "urllib3", "stevedore"):
            logging.getLogger(name).setLevel(
                logging.ERROR if quiet else logging.NOTSET
            )

    def initialize_app(self, argv: Sequence[str]) -> None:
        """Know how to make a client; nothing is asked yet."""
        self.client_manager = ClientManager(self.options)

    def interact(self) -> None:
        """Without a command: show which there are."""
        width = max(map(len, COMMANDS))
        lines = [f"usage: {self.NAME} COMMAND [OPTIONS]", ""]
        for name, value in sorted(COMMANDS.items()):
            text = Lazy(name, value).load().__doc__.splitlines()[0]
            lines.append(f"  {name:<{width}}  {text}")
        lines += [
            "",
            f"{self.NAME} COMMAND --help: its options and an example.",
            f"{self.NAME} --help: where the service is and who you are.",
        ]
        self.stdout.write("\n".join(lines) + "\n")

    def run(self, argv: list[str]) -> int:
        """Run a command; no command is a usage error."""
        result = super().run(argv)
        return 2 if self.interactive_mode else result

    def get_fuzzy_matches(self, cmd: str) -> list[str]:
        """Commands that begin alike, if any does."""
        alike = [name for name in COMMANDS if name.startswith(cmd)]
        return sorted(alike) or super().get_fuzzy_matches(cmd)


class _Version(argparse.Action):
    """Look the version up when it is asked for: that takes 0.005 s."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Show it on standard output, and end."""
        from importlib.metadata import version

        sys.stdout.write(f"{parser.prog} {version('servicevm')}\n")
        parser.exit()


def _dest(name: str) -> str:
    return "os_" + name.replace("-", "_")
