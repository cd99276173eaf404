"""Commands that find what belongs to a device, as they are typed. Pure.

By its name only a device of the caller's own project is found. One that is
called by its id may be of another; then lists have to be told of which, and
services have to be called by their ids, too.
"""

import shlex

from servicevmclient.v1.explanation import Facts
from servicevmclient.v1.service import Service


def listed(noun: str, facts: Facts) -> str:
    """``event list --device lb-1``."""
    command = f"{noun} list --device {shlex.quote(facts.ref)}"
    if not _by_id(facts):
        return command
    return f"{command} --project {shlex.quote(facts.device.project_id)}"


def shown(service: Service, facts: Facts) -> str:
    """``service show web``."""
    ref = service.id if _by_id(facts) else service.name
    return f"service show {shlex.quote(ref)}"


def _by_id(facts: Facts) -> bool:
    return facts.ref == facts.device.id
