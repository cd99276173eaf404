"""How much of what a device makes happen is written down.

A device can be hostile: it reconnects, enrols, changes its mind and sends
events as fast as it likes, and each of them is a row that is kept for days.
"""

import sqlalchemy as sa
from oslo_log import log
from sqlalchemy import orm

from servicevm import clock
from servicevm.db import models

__all__ = ["MOST", "WINDOW", "may_tell"]

LOG = log.getLogger(__name__)

#: Events of one device within `WINDOW`; what it causes beyond is dropped.
MOST = 120
#: Microseconds.
WINDOW = 60 * clock.SECOND


def may_tell(session: orm.Session, device_id: str, now: int) -> bool:
    """Whether another event that the device caused is to be kept.

    :param now: microseconds since the epoch
    """
    oldest = session.scalars(
        sa.select(models.Event.at)
        .where(models.Event.device_id == device_id)
        .order_by(models.Event.seq.desc())
        .offset(MOST - 1)
        .limit(1)
    ).first()
    if oldest is None or oldest <= now - WINDOW:
        return True
    LOG.debug("Device %s: an event was dropped, it has many.", device_id)
    return False
