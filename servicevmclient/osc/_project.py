"""The id of a project that a command names."""

import re
from typing import Any

from servicevmclient.exceptions import InvalidInput, NotFound

_ID = r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def id_of(app: Any, name_or_id: str) -> str:
    """The id; a name is asked of the identity service, if there is one.

    :raises NotFound: the identity service knows no such project
    :raises InvalidInput: the caller may not ask it
    """
    from keystoneauth1.identity.base import BaseIdentityPlugin

    session = app.client_manager.servicevm.session
    if re.fullmatch(_ID, name_or_id) or not isinstance(
        session.auth, BaseIdentityPlugin
    ):
        return name_or_id
    # Only who names a project by its name pays for the import.
    from openstack import exceptions
    from openstack.connection import Connection

    identity: Any = Connection(session=session).identity
    try:
        found = identity.find_project(name_or_id)
    except exceptions.ForbiddenException:
        raise InvalidInput(
            f"You may not look up which project {name_or_id!r} is.",
            hint="Name the project by its id.",
        ) from None
    if found is None:
        raise NotFound(
            f"No project has the name or id {name_or_id!r}.",
            hint="See: openstack project list",
        )
    return str(found.id)
