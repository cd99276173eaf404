"""What relays say of themselves; they have no database."""

import uuid

from servicevm.db import api as db
from servicevm.db import processes
from servicevm.rpc.base import Json
from servicevm.states import ProcessRole

__all__ = ["relay_report"]

#: Namespace of relays' ids, each made of what tells a relay's runs apart.
_NAMESPACE = uuid.UUID("2d0f4bb0-7d5f-4b32-8d8f-3c2c2c8b5a11")


def relay_report(report: Json) -> Json:
    """Take note that a relay lives.

    :param report: ``{"name", "host", "group", "version", "address",
        "sessions", "started_at"}``; the last one in microseconds
    :returns: ``{"draining": bool}``; also true for a relay whose name a
        younger one has: calls to that name no longer reach its sessions
    """
    name, host = str(report["name"]), str(report["host"])
    began = int(report["started_at"])
    told = processes.Report(
        role=ProcessRole.RELAY,
        name=name,
        id=str(uuid.uuid5(_NAMESPACE, f"{name}\0{host}\0{began}")),
        host=host,
        version=str(report["version"]),
        started_at=began,
        group=str(report["group"]),
        # One that agents reach by virtio-serial only has none.
        address=str(report.get("address") or "") or None,
        sessions=int(report["sessions"]),
    )
    standing = db.write(lambda session: processes.report(session, told))
    return {"draining": standing.draining or standing.displaced}
