"""Commands: relay."""

import argparse

from servicevmclient.osc import _columns, _verbs
from servicevmclient.osc._base import Base
from servicevmclient.osc._filters import ALIVE, HOST, NAME, Filter
from servicevmclient.v1.relay import Relay


class ListRelay(_verbs.List):
    """List relays, the processes that hold the sessions of agents"""

    kind = Relay
    columns = _columns.RELAY
    tagged = False
    owned = False
    filters = (
        NAME,
        HOST,
        Filter("--group", "group", "Only those of this relay group", "GROUP"),
        ALIVE,
    )
    example = "relay list --long"


class ShowRelay(_verbs.Show):
    """Show a relay"""

    kind = Relay
    columns = _columns.RELAY
    example = "relay show $(servicevm relay list --limit 1 -f value -c Name)"


class SetRelay(Base):
    """Have a relay let its sessions go and take no new ones, or no longer"""

    example = (
        "relay set --no-drain "
        "$(servicevm relay list --limit 1 -f value -c Name)"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """What to set, and the name or id."""
        parser = super().get_parser(prog_name)
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument(
            "--drain",
            dest="draining",
            action="store_true",
            default=None,
            help="Take no new sessions, and let those go that it has",
        )
        which.add_argument(
            "--no-drain",
            dest="draining",
            action="store_false",
            help="Take sessions again",
        )
        _verbs.add_ref(parser, Relay)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for it."""
        found = self.client.find(Relay, parsed_args.ref)
        relay = self.client.update_relay(
            found.id, draining=parsed_args.draining
        )
        state = "draining" if relay.draining else "not draining"
        self.say(f"relay {relay.name}: {state}, {relay.sessions} sessions")
