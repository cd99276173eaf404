"""Holds: what operators want nothing automatic to touch."""

from collections.abc import Mapping
from typing import Final

from servicevmclient.v1._resource import Body, Resource

#: scope to the key that says in a request what is to be held
TARGETS: Final[Mapping[str, str]] = {
    "device": "device_id",
    "template": "template_id",
    "project": "project_id",
    "everything": "everything",
}


class Hold(Resource):
    """An operator's "hands off": nothing automatic touches what it is on."""

    key = "hold"
    plural = "holds"
    path = "/v1/holds"
    noun = "hold"
    named = False

    #: UUID
    id = Body[str]()
    #: ``device``, ``template``, ``project`` or ``everything``
    scope = Body[str]()
    #: id of the device, template or project; None: everything is held
    target = Body[str | None]()
    #: what the device or template is called by now
    target_name = Body[str | None]()
    #: why hands are off, for people
    reason = Body[str]()
    #: who set it, or renewed it last
    user_id = Body[str]()
    #: ISO 8601, UTC
    created_at = Body[str]()
    updated_at = Body[str]()
    #: None: it stays until it is unset
    expires_at = Body[str | None]()
