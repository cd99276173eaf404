"""Tags of what is made in Neutron.

Neutron takes none with the request that makes a thing, so they are set later.
Until then the thing is known by its description.
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
