"""The id of a project that a command names."""

import re
from typing import Any

from servicevmclient.exceptions import NotFound

_ID = re.compile(r"[0-9a-f]{32}")


def id_of(app: Any, name_or_id: str) -> str:
    """The id; names are asked of the identity service where there is one.

    ``openstack`` has a client of it. Without (our own shell, or no identity
    service at all) only an id can be given, and is taken as it is.

    :raises NotFound: the identity service knows no such project
    """
    manager: Any = app.client_manager
    auth = getattr(manager, "auth", None)
    if _ID.fullmatch(name_or_id) or not hasattr(auth, "get_auth_ref"):
        return name_or_id
    if not hasattr(manager, "sdk_connection"):
        return name_or_id
    from openstack import exceptions

    try:
        found = manager.sdk_connection.identity.find_project(name_or_id)
    except exceptions.ForbiddenException:
        # Who may not look projects up names them by id.
        return name_or_id
    if found is None:
        raise NotFound(
            f"No project has the name or id {name_or_id!r}.",
            hint="See: openstack project list",
        )
    return str(found.id)
