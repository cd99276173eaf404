"""Ids of networks, subnets and ports that a command names."""

import re
from collections.abc import Mapping
from typing import Any

from servicevmclient.exceptions import InvalidInput, NotFound

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAMED = ("network", "subnet", "port")


def ids_of(app: Any, wishes: Mapping[str, str]) -> dict[str, str]:
    """The wishes for an interface with ids for names.

    A name is asked of the network service, if there is one.

    :raises NotFound: the network service knows no such thing
    :raises InvalidInput: it knows several
    """
    found = dict(wishes)
    for key in _NAMED:
        if key in found and not _ID.fullmatch(found[key]):
            found[key] = _id_of(app, key, found[key])
    return found


def _id_of(app: Any, key: str, name: str) -> str:
    from keystoneauth1.identity.base import BaseIdentityPlugin

    session = app.client_manager.servicevm.session
    if not isinstance(session.auth, BaseIdentityPlugin):
        return name
    # Only who names a network by its name pays for the import.
    from openstack import exceptions
    from openstack.connection import Connection

    connection: Any = Connection(session=session)
    if connection.config.get_session_endpoint("network") is None:
        return name  # some drivers have networks of their own
    find = getattr(connection.network, f"find_{key}")
    try:
        thing = find(name, ignore_missing=True)
    except exceptions.DuplicateResource:
        raise InvalidInput(
            f"Several {key}s have the name {name!r}.",
            hint=f"Name it by its id; see: openstack {key} list",
        ) from None
    if thing is None:
        raise NotFound(
            f"No {key} has the name or id {name!r}.",
            hint=f"See: openstack {key} list",
        )
    return str(thing.id)
