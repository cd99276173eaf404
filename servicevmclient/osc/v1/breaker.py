"""Commands: breaker."""

import argparse

from servicevmclient.osc import _columns, _verbs
from servicevmclient.osc._base import Base
from servicevmclient.v1.breaker import Breaker


class ListBreaker(_verbs.List):
    """List where healing stopped, because too much was lost at once"""

    kind = Breaker
    columns = _columns.BREAKER
    tagged = False
    owned = False
    example = "breaker list"


class ShowBreaker(_verbs.Show):
    """Show a breaker of healing"""

    kind = Breaker
    columns = _columns.BREAKER
    example = "breaker show fleet"


class ReleaseBreaker(Base):
    """Let healing go on where it stopped"""

    example = "breaker release fleet"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Which one, and which way."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--undo", action="store_true", help="Stop healing again"
        )
        _verbs.add_ref(parser, Breaker)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for it."""
        breaker = self.client.update_breaker(
            parsed_args.ref, released=not parsed_args.undo
        )
        state = "goes on" if breaker.released else "is stopped"
        self.say(f"breaker {breaker.name}: healing {state}")
