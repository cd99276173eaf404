"""Stops healing where too much is lost at once.

One device that is lost is broken. A third of them within minutes is
something else: a switch, a cloud's outage, an upgrade that went wrong. To
reboot and rebuild them all makes that worse, so healing stops there, says so,
and waits for an operator or for the devices to come back.

A *domain* is what may fail as one: all devices (`FLEET`), those of a relay
group, those of an availability zone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_log import log
from sqlalchemy import orm

from servicevm import clock
from servicevm.conductor import patients
from servicevm.db import api as db
from servicevm.db import events, models
from servicevm.states import ProvisioningStatus, ResourceType, Severity

__all__ = ["FLEET", "Breaker", "domains"]

LOG = log.getLogger(__name__)

#: The domain of all devices.
FLEET = "fleet"
_MAX_DOMAIN = 128


def domains(
    relay_group: str | None, facts: Mapping[str, Any]
) -> Iterator[str]:
    """The domains that a device is in."""
    yield FLEET
    if relay_group:
        yield f"relay-group:{relay_group}"
    zone = facts.get("availability_zone")
    if zone:
        # A domain is a part of a path.
        yield f"zone:{zone}"[:_MAX_DOMAIN].replace("/", "_")


class Breaker:
    """Counts losses, and says where healing stops."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._share = float(conf.healing.breaker_share)
        self._devices = int(conf.healing.breaker_devices)
        self._window = int(conf.healing.breaker_window * clock.SECOND)

    def look(self) -> Collection[str]:
        """Trip what has to, close what may; the domains that are stopped."""
        with db.reader() as session:
            now = db.now(session)
            rows = session.scalars(sa.select(models.Breaker)).all()
            known = {row.domain: row.released_until for row in rows}
            # Not at the first good sign: it must not go on and off.
            settled = {
                row.domain
                for row in rows
                if row.tripped_at <= now - self._window
            }
            found = patients.losses(session)
            lately = _count(
                one for one in found if one.began_at >= now - self._window
            )
            suspect = [
                domain
                for domain, lost in lately.items()
                if lost >= self._devices
                and (domain not in known or (known[domain] or now) < now)
            ]
            totals = _totals(session) if suspect or known else Counter()
        still = _count(one for one in found if one.still)
        for domain in suspect:
            if lately[domain] > self._share * totals[domain]:
                lost, devices = lately[domain], totals[domain]
                db.write(
                    partial(_trip, domain=domain, lost=lost, devices=devices)
                )
                known[domain] = None
        for domain in sorted(settled):
            half = self._share * totals[domain] / 2
            if still[domain] <= half and domain not in suspect:
                db.write(partial(_close, domain=domain))
                del known[domain]
        return {name for name, until in known.items() if until is None}


def _count(found: Iterable[patients.Loss]) -> Counter[str]:
    return Counter(
        domain
        for one in found
        for domain in domains(one.relay_group, one.facts)
    )


def _totals(session: orm.Session) -> Counter[str]:
    """Devices that ought to serve, by domain."""
    rows = session.execute(
        sa.select(_DEVICE.relay_group, _DEVICE.facts).where(
            _DEVICE.provisioning_status.in_(_COUNTED)
        )
    )
    return Counter(
        domain for group, facts in rows for domain in domains(group, facts)
    )


_DEVICE = models.table(models.Device).c
_COUNTED = [
    str(ProvisioningStatus.ACTIVE),
    str(ProvisioningStatus.PENDING_UPDATE),
    str(ProvisioningStatus.ERROR),
]


def _trip(session: orm.Session, domain: str, lost: int, devices: int) -> None:
    row = session.get(models.Breaker, domain)
    if row is None:
        row = models.Breaker(domain=domain)
        session.add(row)
    elif row.released_until is None:
        return  # another conductor has seen it, too
    row.tripped_at = db.now(session)
    row.lost, row.devices, row.released_until = lost, devices, None
    message = (
        f"Healing stops ({domain}): {lost} of {devices} devices were lost "
        "at once. Find out what they have in common; then 'breaker release "
        f"{domain}' lets healing go on."
    )
    LOG.error(message)
    _tell(session, "breaker.tripped", Severity.ERROR, domain, message)


def _close(session: orm.Session, domain: str) -> None:
    row = session.get(models.Breaker, domain)
    if row is None:
        return
    session.delete(row)
    message = f"Healing goes on ({domain}): the devices are back."
    _tell(session, "breaker.closed", Severity.INFO, domain, message)


def _tell(
    session: orm.Session,
    type_: str,
    severity: Severity,
    domain: str,
    message: str,
) -> None:
    events.emit(
        session,
        type=type_,
        severity=severity,
        resource_type=ResourceType.BREAKER,
        # What an event has room for.
        resource_id=domain[:36],
        # Nobody's: shown to those who list the events of all projects.
        project_id="",
        facts={"domain": domain},
        message=message,
    )
