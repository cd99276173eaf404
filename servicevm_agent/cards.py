"""Which network cards the device has: as it was told last.

The bootstrap document has those of the first boot. What changes while the
device runs is kept on the state disk.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional, Sequence, Tuple

from servicevm_agent import bootstrap, durable
from servicevm_agent.bootstrap import Bootstrap, Interface
from servicevm_agent.layout import Layout
from servicevm_agent.log import log


class Cards:
    """:param told: what the bootstrap document says"""

    def __init__(self, layout: Layout, told: Bootstrap) -> None:
        self._netns = layout.netns
        self._mgmt_mac = told.mgmt_mac
        self._path = os.path.join(layout.state, "interfaces.json")
        self._generation = told.generation
        self._interfaces: Sequence[Interface] = told.interfaces
        kept = self._kept()
        # That of a device which was made anew is of before.
        if kept is not None and kept[0] > told.generation:
            self._generation, self._interfaces = kept

    @property
    def egress_proxy(self) -> Optional[str]:
        """Of the first interface that has one."""
        found = [i.egress_proxy for i in self._interfaces if i.egress_proxy]
        return found[0] if found else None

    def set_up(self) -> List[str]:
        """Configure the cards; again is harmless.

        :returns: MACs of those that are not there (yet)
        :raises OSError: the kernel refuses, or the one for the relays is
            not there
        """
        if self._netns is None:
            return []
        from servicevm_agent import tenant

        return tenant.configure(self._netns, self._interfaces, self._mgmt_mac)

    def change(
        self, generation: int, items: List[Dict[str, Any]]
    ) -> List[str]:
        """Have these cards from now on.

        What is older than what is known changes nothing.

        :param items: as in the bootstrap document; checked
        :returns: as `set_up`
        :raises OSError: as `set_up`, or the disk is full
        """
        if generation >= self._generation:
            document = {"generation": generation, "interfaces": items}
            durable.write(self._path, json.dumps(document).encode())
            self._generation = generation
            self._interfaces = bootstrap.interfaces(items)
        return self.set_up()

    def _kept(self) -> Optional[Tuple[int, Sequence[Interface]]]:
        try:
            with open(self._path, encoding="utf-8") as file:
                document = json.load(file)
            return (
                int(document["generation"]),
                bootstrap.interfaces(document["interfaces"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            log(f"the interfaces that were kept: {error}")
            return None
