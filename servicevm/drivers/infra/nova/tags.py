"""Tags of what is made in Neutron.

They are set right after a thing is made: Neutron takes none with it. Who was
killed in between finds the thing by its description, and sets them then.
"""

from collections.abc import Sequence
from typing import Any

from servicevm.drivers.infra.nova.faults import asking

__all__ = ["tag"]


def tag(network: Any, thing: Any, tags: Sequence[str]) -> None:
    """See that the thing has the tags.

    :param network: Neutron, as who may change the thing
    """
    present = set(thing.tags or ())
    if not set(tags) <= present:
        with asking("Neutron to tag what was made"):
            network.set_tags(thing, sorted({*tags, *present}))
