"""The mgmt driver that talks to the project's own agent, by the relay."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import clock, pki
from servicevm.db import api as db
from servicevm.db import leases, models
from servicevm.db.locks import lock_device
from servicevm.drivers.infra import user_network
from servicevm.drivers.infra.base import InterfaceSpec, Peer
from servicevm.drivers.mgmt import agent_transport
from servicevm.drivers.mgmt.base import (
    DeviceReport,
    MgmtDriver,
    ServiceDocument,
)
from servicevm.drivers.mgmt.report import parse_reports
from servicevm.errors import (
    AGENT_ERROR,
    NOT_FOUND,
    PermanentError,
    TransientError,
)
from servicevm.rpc.base import RelayApi

__all__ = ["AgentMgmtDriver", "hash_token"]

#: Seconds that the agent gets to answer. An emulated guest is slow.
TIMEOUT = 10.0
REMOVE_TIMEOUT = 30.0
RESTART_TIMEOUT = 45.0
STATUS_TIMEOUT = 5.0
#: Age up to which a session may not be in use yet, microseconds.
FRESH = 2 * clock.SECOND


def hash_token(token: str) -> str:
    """What is stored of an enrolment token: hex SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


class AgentMgmtDriver(MgmtDriver):
    """Bootstraps, configures and asks the agent in the device."""

    description = "The project's own agent inside the device"

    relayed = True
    restarts = True

    options_schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": agent_transport.OPTIONS,
    }

    def __init__(self, conf: cfg.ConfigOpts, relay: RelayApi) -> None:
        self._conf = conf
        self._relay = relay

    @classmethod
    def relay_group(cls, options: Mapping[str, Any]) -> str | None:
        return agent_transport.group(options)

    def bootstrap(
        self,
        device_id: str,
        options: Mapping[str, Any],
        interfaces: Sequence[InterfaceSpec],
    ) -> Mapping[str, bytes]:
        authority = pki.authority(self._conf)

        def write(session: orm.Session) -> dict[str, Any]:
            lock_device(session, device_id)
            device = session.get(models.Device, device_id)
            if device is None:
                raise PermanentError(NOT_FOUND, "The device is gone.")
            transport = agent_transport.transport(
                session,
                self._conf,
                device_id,
                device.relay_group,
                options,
                interfaces,
            )
            return {
                "token": self._token(session, authority, device_id),
                "transport": transport,
                "generation": device.generation,
                "name": device.name,
            }

        known = db.write(write)
        document = {
            "version": 1,
            "device_id": device_id,
            "deployment_id": self._conf.deployment_id,
            "token": known["token"],
            "ca_bundle": authority.ca_bundle,
            "transport": known["transport"],
            "interfaces": [_interface(one) for one in interfaces],
            "generation": known["generation"],
        }
        return {
            "servicevm.json": json.dumps(document).encode(),
            "meta_data.json": json.dumps(
                {"uuid": device_id, "name": known["name"]}
            ).encode(),
        }

    def peers(
        self, device_id: str, options: Mapping[str, Any]
    ) -> Sequence[Peer]:
        if self.relay_group(options) is None:
            return ()
        with db.reader() as session:
            relays = agent_transport.relays(
                session,
                self._conf,
                device_id,
                session.scalar(
                    sa.select(models.Device.relay_group).where(
                        models.Device.id == device_id
                    )
                ),
                options,
            )
        found = []
        for relay in relays:
            host, _, port = relay.rpartition(":")
            found.append(Peer(host.strip("[]"), int(port), "mgmt"))
        return found

    def interfaces(
        self,
        device_id: str,
        generation: int,
        interfaces: Sequence[InterfaceSpec],
    ) -> Sequence[str]:
        answer = self._relay.call(
            device_id,
            "interfaces",
            {
                "generation": generation,
                "interfaces": [_interface(one) for one in interfaces],
            },
            TIMEOUT,
        )
        return [str(mac) for mac in answer["missing"]]

    def observe(self, device_id: str) -> DeviceReport:
        with db.reader() as session:
            row = session.get(models.AgentSession, device_id)
            now = 0 if row is None else db.now(session)
        if row is None or not row.connected:
            return DeviceReport(connected=False, ready=False)
        try:
            status = self._relay.call(device_id, "status", {}, STATUS_TIMEOUT)
        except TransientError:
            # Gone, or not answering; the relay tells which, in its time.
            # Or so new that the relay has not put it to use yet.
            fresh = now < row.connected_at + FRESH
            return DeviceReport(connected=fresh, ready=False)
        return DeviceReport(
            connected=True,
            ready=bool(status["ready"]),
            services=parse_reports(status["services"]),
            facts={
                "boot_id": str(status["boot_id"]),
                "agent_version": row.agent_version,
            },
        )

    def apply(self, device_id: str, document: ServiceDocument) -> None:
        answer = self._relay.call(
            device_id,
            "apply",
            {
                "service_id": document.id,
                "service_type": document.service_type,
                "generation": document.generation,
                "digest": document.digest,
                "config": document.config,
            },
            TIMEOUT,
        )
        if not answer.get("accepted"):
            raise PermanentError(
                AGENT_ERROR, "The agent did not accept the configuration."
            )

    def restart(
        self, device_id: str, service_id: str, operation_id: str
    ) -> None:
        self._relay.call(
            device_id,
            "restart",
            {"service_id": service_id, "operation_id": operation_id},
            RESTART_TIMEOUT,
        )

    def remove(self, device_id: str, service_id: str, generation: int) -> None:
        self._relay.call(
            device_id,
            "remove",
            {"service_id": service_id, "generation": generation},
            REMOVE_TIMEOUT,
        )

    def call(
        self,
        device_id: str,
        service_id: str,
        action: str,
        arguments: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._relay.call(
            device_id,
            "action",
            {
                "service_id": service_id,
                "action": action,
                "arguments": dict(arguments),
            },
            TIMEOUT,
        )
        return answer

    def forget(self, device_id: str, *, fence: int = 0) -> None:

        def revoke(session: orm.Session) -> None:
            lock_device(session, device_id)
            leases.standing(session, device_id, fence)
            session.execute(
                sa.delete(models.EnrolmentToken).where(
                    models.EnrolmentToken.device_id == device_id
                )
            )
            session.execute(
                sa.update(models.AgentCertificate)
                .where(
                    models.AgentCertificate.device_id == device_id,
                    models.AgentCertificate.revoked_at.is_(None),
                )
                .values(revoked_at=db.now(session))
            )

        db.write(revoke)
        if self._relay.close_session(device_id, "the device was revoked"):
            return
        # The relay learns from the answer to the next heartbeat that the
        # session, if there is one, is over.

        def over(session: orm.Session) -> None:
            lock_device(session, device_id)
            leases.standing(session, device_id, fence)
            session.execute(
                sa.update(models.AgentSession)
                .where(models.AgentSession.device_id == device_id)
                .values(epoch=models.AgentSession.epoch + 1, connected=False)
            )

        db.write(over)

    def _token(
        self, session: orm.Session, authority: pki.Authority, device_id: str
    ) -> str:
        """The device's token, with a fresh life while it is unused.

        A device that was off for longer than its certificate was good gets
        another one: it has to enrol with another key.
        """
        now = db.now(session)
        expires_at = now + self._conf.pki.token_minutes * 60 * clock.SECOND
        row = session.get(models.EnrolmentToken, device_id)
        if row is not None:
            token = authority.enrolment_token(device_id, row.created_at)
            used = row.spki_hash is not None
            if hash_token(token) == row.token_hash and (
                _has_certificate(session, device_id, now)
                if used
                else now < row.expires_at
            ):
                if not used:
                    row.expires_at = expires_at
                return token
            session.delete(row)
            session.flush()
        token = authority.enrolment_token(device_id, now)
        session.add(
            models.EnrolmentToken(
                device_id=device_id,
                token_hash=hash_token(token),
                expires_at=expires_at,
                created_at=now,
            )
        )
        return token


def _has_certificate(session: orm.Session, device_id: str, now: int) -> bool:
    return bool(
        session.scalar(
            sa.select(
                sa.exists().where(
                    models.AgentCertificate.device_id == device_id,
                    models.AgentCertificate.revoked_at.is_(None),
                    models.AgentCertificate.not_after > now,
                )
            )
        )
    )


def _interface(interface: InterfaceSpec) -> dict[str, Any]:
    """An interface as the agent is to set it up."""
    found: dict[str, Any] = {
        "role": interface.role,
        "mac": interface.mac,
        "address": interface.address,
        "prefix": interface.prefix,
        "gateway": interface.gateway,
        "egress_proxy": user_network.egress_proxy(interface.network),
    }
    if interface.network == user_network.NETWORK:
        found["address"] = user_network.ADDRESS
        found["prefix"] = user_network.PREFIX
    return found
