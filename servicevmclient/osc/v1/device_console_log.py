"""Command: device console log show."""

import argparse
from collections.abc import Iterable

from servicevmclient.exceptions import InvalidInput
from servicevmclient.osc import _cells, _stream, _values, _verbs
from servicevmclient.osc._base import Base
from servicevmclient.v1.device import Device


class ShowDeviceConsoleLog(Base):
    """Show the end of what a device wrote on its console, or follow it"""

    example = "device console log show --max-bytes 4096 lb-1"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """How much, whether to follow, and of which."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--max-bytes",
            metavar="N",
            type=_values.positive,
            help="At most so many bytes from the end",
        )
        parser.add_argument(
            "--follow",
            action="store_true",
            help="Then show what it writes, until --until or ^C",
        )
        _stream.add_until(parser)
        _verbs.add_ref(parser, Device)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Write it as it is, but for what a terminal would obey."""
        if parsed_args.follow and parsed_args.max_bytes:
            raise InvalidInput("--follow and --max-bytes do not go together.")
        found = self.client.find(Device, parsed_args.ref)
        if parsed_args.follow:
            seconds = _stream.seconds(parsed_args.until)
            self._write(
                self.client.follow_device_console_log(
                    found.id, timeout=seconds
                )
            )
            return
        text = self.client.get_device_console_log(
            found.id, max_bytes=parsed_args.max_bytes
        )
        self._write([text])
        if text and not text.endswith("\n"):
            self.app.stdout.write("\n")

    def _write(self, texts: Iterable[str]) -> None:
        for text in texts:
            if self.app.stdout.isatty():
                text = _cells.printable(text)
            self.app.stdout.write(text)
            self.app.stdout.flush()
