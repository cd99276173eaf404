"""What relays tell of agents; `servicevm.rpc.base.AgentEvents`."""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import errors, pki
from servicevm.conductor import (
    agent_sessions,
    chatter,
    enrolment,
    presence,
    resync,
    serving,
)
from servicevm.conductor.reports import absorb
from servicevm.db import api as db
from servicevm.db import events, leases, models
from servicevm.db.locks import lock_device
from servicevm.drivers.mgmt.base import ServiceReport
from servicevm.drivers.mgmt.report import parse_report, parse_reports
from servicevm.rpc.base import Json
from servicevm.states import (
    OperatingStatus,
    ProvisioningStatus,
    ResourceType,
    Severity,
)

__all__ = ["AgentEventsHandler"]

#: Longest message of an agent's event that is kept, in characters.
MAX_MESSAGE = 2048


class AgentEventsHandler:
    """Turns what relays tell into rows. Thread-safe.

    :param wake: called when an operation may go on
    :param mend: called with a device id when the reconciler is to look at
        the device soon
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        wake: Callable[[], None],
        mend: Callable[[str], None],
    ) -> None:
        self._conf = conf
        self._wake = wake
        self._mend = mend
        self._bundle_lock = threading.Lock()
        self._bundle: str | None = None

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None
    ) -> Json:
        return enrolment.enrol(self._conf, token, csr, peer, relay)

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None
    ) -> Json:
        return enrolment.renew(self._conf, device_id, serial, csr, relay)

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        reports = parse_reports(hello["services"])

        def opened(session: orm.Session) -> tuple[int, bool] | str:
            lock_device(session, device_id)
            if not enrolment.allowed(session, device_id, serial):
                raise errors.PermanentError(
                    errors.CERTIFICATE_REFUSED,
                    "The certificate is not on the list.",
                )
            now = db.now(session)
            device = session.get_one(models.Device, device_id)
            why = serving.refusal(session, device, relay)
            if why is not None:
                serving.tell(
                    session, device, relay, why, errors.CERTIFICATE_REFUSED
                )
                return why
            # The old one was good until the new one is first used.
            enrolment.revoke_older(session, device_id, serial)
            epoch = agent_sessions.begun(
                session, device_id, serial, relay, hello, now
            )
            if device.provisioning_status == ProvisioningStatus.ACTIVE:
                if device.operating_status == OperatingStatus.UNRESPONSIVE:
                    presence.set_status(
                        session, device, OperatingStatus.ONLINE
                    )
                self._absorb_all(session, device_id, reports, now)
                resync.repair(session, self._conf, device_id, reports)
            strays = resync.strays(session, device_id, reports)
            leases.wake(session, now, device_id=device_id)
            self._tell(
                session,
                device,
                "device.session_opened",
                f"The agent {hello['agent_version']} of {device.name} is "
                f"connected to the relay {relay}.",
                {"agent_version": hello["agent_version"], "relay": relay},
            )
            return epoch, bool(strays)

        answer = db.write(opened)
        if isinstance(answer, str):
            raise errors.PermanentError(errors.CERTIFICATE_REFUSED, answer)
        epoch, strays = answer
        if strays:
            self._mend(device_id)
        self._wake()
        return {"epoch": epoch, "ca_bundle": self._ca_bundle()}

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        def closed(session: orm.Session) -> None:
            lock_device(session, device_id)
            row = agent_sessions.current(session, device_id, epoch)
            if row is None or not row.connected:
                return
            row.connected = False
            row.last_seen = db.now(session)
            device = session.get_one(models.Device, device_id)
            detail = reason[:MAX_MESSAGE]
            self._tell(
                session,
                device,
                "device.session_closed",
                f"The agent of {device.name} is gone: {detail}",
                {"detail": detail},
            )

        db.write(closed)

    def heartbeats(self, relay: str, beats: Sequence[Json]) -> Sequence[Json]:
        if not beats:
            return []
        # In one order everywhere, or two of these deadlock.
        beats = sorted(beats, key=lambda beat: str(beat["device_id"]))
        stale, refused = db.write(partial(agent_sessions.seen, beats))
        changed = False
        # One device at a time: nobody waits for a device that we hold only
        # because we wait for the next one.
        for beat in beats:
            if beat["device_id"] in refused:
                stale += db.write(partial(agent_sessions.expelled, beat))
            elif beat.get("services"):
                changed |= db.write(partial(self._changes, beat))
        if changed:
            self._wake()
        return stale

    def result(self, device_id: str, epoch: int, result: Json) -> None:
        report = _outcome(result)

        def absorbed(session: orm.Session) -> bool:
            lock_device(session, device_id)
            if agent_sessions.current(session, device_id, epoch) is None:
                return False
            now = db.now(session)
            self._absorb(session, device_id, report, now, members=False)
            return True

        if db.write(absorbed):
            self._wake()

    def event(self, device_id: str, epoch: int, event: Json) -> None:
        def told(session: orm.Session) -> None:
            lock_device(session, device_id)
            if agent_sessions.current(session, device_id, epoch) is None:
                return
            self._tell(
                session,
                session.get_one(models.Device, device_id),
                f"agent.{event['type']}"[:64],
                str(event["message"])[:MAX_MESSAGE],
                severity=Severity(event["severity"]),
            )

        db.write(told)

    def _changes(self, beat: Json, session: orm.Session) -> bool:
        """Write what a heartbeat says of services."""
        device_id = beat["device_id"]
        lock_device(session, device_id)
        if agent_sessions.current(session, device_id, beat["epoch"]) is None:
            return False
        now = db.now(session)
        for service_id, report in beat["services"].items():
            self._absorb(
                session,
                device_id,
                parse_report(service_id, report),
                now,
                members="members" in report,
            )
        return True

    def _absorb_all(
        self,
        session: orm.Session,
        device_id: str,
        reports: Mapping[str, ServiceReport],
        now: int,
    ) -> None:
        """Write what the device has; what it does not name, it has not."""
        for service in session.scalars(
            sa.select(models.Service).where(
                models.Service.device_id == device_id
            )
        ).all():
            report = reports.get(service.id)
            if report is None:
                service.observed_generation = 0
            else:
                absorb(
                    session,
                    service,
                    report,
                    now,
                    complete=True,
                    members=bool(report.members),
                )

    def _absorb(
        self,
        session: orm.Session,
        device_id: str,
        report: ServiceReport,
        now: int,
        *,
        members: bool,
    ) -> None:
        service = session.get(models.Service, report.id)
        # A device speaks for its own services only.
        if service is not None and service.device_id == device_id:
            absorb(session, service, report, now, members=members)

    def _tell(
        self,
        session: orm.Session,
        device: models.Device,
        type_: str,
        message: str,
        facts: Mapping[str, Any] | None = None,
        severity: Severity = Severity.INFO,
    ) -> None:
        if not chatter.may_tell(session, device.id, db.now(session)):
            return
        events.emit(
            session,
            type=type_,
            severity=severity,
            resource_type=ResourceType.DEVICE,
            resource_id=device.id,
            device_id=device.id,
            project_id=device.project_id,
            facts=facts,
            message=message,
        )

    def _ca_bundle(self) -> str:
        with self._bundle_lock:
            if self._bundle is None:
                self._bundle = pki.authority(self._conf).ca_bundle
            return self._bundle


def _outcome(result: Json) -> ServiceReport:
    """A ``result`` message as a report.

    Of a refusal the generation that serves is not known, so it claims none.
    """
    generation = int(result["generation"])
    return ServiceReport(
        id=str(result["service_id"]),
        generation=generation if result["ok"] else 0,
        digest=str(result["digest"]),
        operating_status=str(result["operating_status"]),
        failed_generation=None if result["ok"] else generation,
        detail=str(result.get("detail") or ""),
    )
