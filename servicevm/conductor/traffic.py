"""Books what relays tell of services' counters; see servicevm.db.traffic."""

from collections.abc import Collection, Sequence
from functools import partial

import sqlalchemy as sa
from oslo_log import log
from sqlalchemy import orm

from servicevm.conductor import serving
from servicevm.db import api as db
from servicevm.db import models, traffic
from servicevm.errors import UNAVAILABLE, TransientError
from servicevm.rpc.base import Json

__all__ = ["counters"]

LOG = log.getLogger(__name__)


def counters(relay: str, tallies: Sequence[Json]) -> None:
    """See `servicevm.rpc.base.AgentEvents.counters`."""
    told = [
        traffic.Told(
            tally["device_id"], service_id, tally["boot_id"], dict(totals)
        )
        for tally in tallies
        for service_id, totals in tally["services"].items()
    ]
    if told:
        db.write(partial(_book, relay, told))


def _book(
    relay: str, told: Sequence[traffic.Told], session: orm.Session
) -> None:
    refused = _refused(session, relay, {one.device_id for one in told})
    if refused:
        LOG.warning(
            "The relay %s told of the counters of %d devices that it does "
            "not serve, %s among them.",
            relay,
            len(refused),
            min(refused),
        )
    traffic.add(session, [one for one in told if one.device_id not in refused])


def _refused(
    session: orm.Session, relay: str, device_ids: Collection[str]
) -> set[str]:
    """Those devices that the relay may not tell of.

    A device that is gone has the project of what was used, and any group.
    """
    side = serving.standing(session, relay)
    if side.group is None:
        raise TransientError(
            UNAVAILABLE, f"The relay {relay} has not reported yet."
        )
    device = models.Device
    span = models.UsageSpan
    here = {
        row[0]: serving.Side(row[1], row[2])
        for row in session.execute(
            sa.select(device.id, device.relay_group, device.project_id).where(
                device.id.in_(device_ids)
            )
        )
    }
    gone = {
        row[0]: serving.Side(side.group, row[1])
        for row in session.execute(
            sa.select(span.device_id, span.project_id)
            .where(span.device_id.in_(set(device_ids) - set(here)))
            .distinct()
        )
    }
    return {
        device_id
        for device_id, one in {**gone, **here}.items()
        if serving.may_not(relay, side, one)
    }
