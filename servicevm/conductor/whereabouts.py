"""Which relay holds a device's session."""

import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.states import ProcessRole

__all__ = ["relay_of"]


def relay_of(device_id: str) -> str | None:
    """Name of the relay; None where the device has no session, or where its
    relay was not heard of lately: a call to it would only time out."""
    with db.reader() as session:
        return session.scalar(
            sa.select(models.AgentSession.relay)
            .outerjoin(
                models.Process,
                (models.Process.role == str(ProcessRole.RELAY))
                & (models.Process.name == models.AgentSession.relay),
            )
            .where(
                models.AgentSession.device_id == device_id,
                models.AgentSession.connected,
                # One without a row is younger than its first report.
                processes.seen_lately(db.now(session))
                | models.Process.name.is_(None),
            )
        )
