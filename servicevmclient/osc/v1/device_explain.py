"""Command: device explain."""

import argparse
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final, TextIO

from servicevmclient.osc import _cells, _verbs, _watch
from servicevmclient.osc._base import ShowOne
from servicevmclient.osc._sentences import Sentences
from servicevmclient.v1.device import Device

#: What a section is called, for people.
TITLES: Final = {
    "state": "How it is",
    "waiting_for": "What it waits for",
    "failed": "What is wrong",
    "next": "What happens next",
    "advice": "What you can do",
}


class ExplainDevice(ShowOne):
    """Say why a device is as it is, what it waits for and what comes next"""

    example = "device explain lb-1"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Which device."""
        parser = super().get_parser(prog_name)
        _verbs.add_ref(parser, Device)
        _watch.add(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> _verbs.Shown:
        """Ask for all that belongs to it."""
        device = self.client.find(Device, parsed_args.ref)
        found = self.client.explain_device(
            device,
            ref=_verbs.called(parsed_args),
            ages=parsed_args.watch is None,
        )
        prefix = self.shell_words()
        names = ["id", "name", *TITLES]
        sections = [
            Sentences.of(getattr(found, name), prefix) for name in TITLES
        ]
        return names, [device.id, device.name, *sections]

    def produce_output(
        self,
        parsed_args: argparse.Namespace,
        column_names: Sequence[str],
        data: Sequence[Any],
    ) -> int:
        """Prose for people who look once and ask for no columns."""
        once = parsed_args.watch is None and not parsed_args.columns
        if parsed_args.formatter != "table" or not once:
            return super().produce_output(parsed_args, column_names, data)
        stdout: TextIO = getattr(self.app, "stdout", sys.stdout)
        width = shutil.get_terminal_size().columns if stdout.isatty() else None
        sections = dict(zip(column_names, data, strict=True))
        lines = prose(
            {
                title: sections[name].machine_readable()
                for name, title in TITLES.items()
            },
            width,
        )
        stdout.write("\n".join(lines) + "\n")
        return 0


def prose(
    sections: Mapping[str, Sequence[Mapping[str, Any]]], width: int | None
) -> list[str]:
    """Sections that have something to say, in lines.

    :param sections: title to sentences, as `Sentences` has them
    :param width: columns of the terminal; None: lines are not broken
    """
    lines: list[str] = []
    for title, sentences in sections.items():
        if not sentences:
            continue
        lines += ["", title] if lines else [title]
        for one in sentences:
            lines += _broken(_cells.printable(one["text"]), width)
            if one["command"]:
                lines.append(f"    $ {_cells.printable(one['command'])}")
    return lines


def _broken(text: str, width: int | None) -> list[str]:
    """Indented lines; ids in them stay whole, commands are not broken."""
    indent = "  "
    if width is None:
        return [indent + " ".join(text.split())]
    return textwrap.wrap(
        text,
        max(width, len(indent) + 1),
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
