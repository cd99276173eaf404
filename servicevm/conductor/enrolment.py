"""Trading tokens and certificates; see design.md section 6."""

from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import pki
from servicevm.conductor import chatter, serving
from servicevm.db import api as db
from servicevm.db import events, models
from servicevm.db.locks import lock_device
from servicevm.drivers.mgmt.agent import hash_token
from servicevm.errors import (
    CERTIFICATE_REFUSED,
    ENROLMENT_REFUSED,
    PermanentError,
)
from servicevm.states import ProvisioningStatus, ResourceType, Severity

__all__ = ["allowed", "enrol", "renew", "revoke_older"]

#: Certificates of one device that may wait for their first use.
KEPT_UNUSED = 4


def enrol(
    conf: cfg.ConfigOpts, token: str, csr: str, peer: str, relay: str | None
) -> dict[str, Any]:
    """See servicevm.rpc.base.AgentEvents.enrol.

    The token is bound to the key of the first request: the same key again
    gets the same certificate (the answer was lost), another is refused.
    """
    with db.reader() as session:
        # Strangers may guess as often as they like: they take no lock and
        # write nothing. The relay logs refusals, so many and no more.
        device_id = _token(session, token).device_id
    authority = pki.authority(conf)
    key = pki.csr_key(csr)

    def trade(session: orm.Session) -> dict[str, Any] | str:
        lock_device(session, device_id)
        row = _token(session, token)
        device = session.get_one(models.Device, row.device_id)
        now = db.now(session)
        why = serving.refusal(session, device, relay)
        if device.provisioning_status == ProvisioningStatus.PENDING_DELETE:
            refusal = "The device is being deleted."
        elif why is not None:
            serving.tell(session, device, relay, why, ENROLMENT_REFUSED)
            return why
        elif row.spki_hash is None and now >= row.expires_at:
            refusal = "The token has expired."
        elif row.spki_hash not in (None, key):
            refusal = "The token was used with another key."
        else:
            if row.certificate is None or row.spki_hash is None:
                leaf = authority.sign(csr, device.id)
                _allow(session, device.id, leaf)
                row.spki_hash, row.certificate = key, leaf.certificate
                _tell(session, device, "device.enrolled", peer, "enrolled.")
            return {
                "device_id": device.id,
                "certificate": row.certificate,
                "ca_bundle": authority.ca_bundle,
            }
        _tell(
            session,
            device,
            "device.enrolment_refused",
            peer,
            f"was refused: {refusal}",
            refusal,
        )
        return refusal

    answer = db.write(trade)
    if isinstance(answer, str):
        raise PermanentError(ENROLMENT_REFUSED, answer)
    return answer


def renew(
    conf: cfg.ConfigOpts,
    device_id: str,
    serial: str,
    csr: str,
    relay: str | None,
) -> dict[str, Any]:
    """See servicevm.rpc.base.AgentEvents.renew.

    The present certificate stays good until the new one is first used; of
    those that were handed out and never used the newest stay, too.
    """
    authority = pki.authority(conf)

    def trade(session: orm.Session) -> pki.Leaf | str:
        lock_device(session, device_id)
        if not allowed(session, device_id, serial):
            raise PermanentError(
                CERTIFICATE_REFUSED, "The certificate is not on the list."
            )
        device = session.get_one(models.Device, device_id)
        why = serving.refusal(session, device, relay)
        if why is not None:
            serving.tell(session, device, relay, why, CERTIFICATE_REFUSED)
            return why
        leaf = authority.sign(csr, device_id)
        _drop_unused(session, device_id, serial)
        _allow(session, device_id, leaf)
        return leaf

    leaf = db.write(trade)
    if isinstance(leaf, str):
        raise PermanentError(CERTIFICATE_REFUSED, leaf)
    return {
        "device_id": device_id,
        "certificate": leaf.certificate,
        "ca_bundle": authority.ca_bundle,
    }


def allowed(session: orm.Session, device_id: str, serial: str) -> bool:
    """Whether the certificate is on the allow-list of a device that is
    not on its way out."""
    row = session.get(models.AgentCertificate, serial)
    device = session.get(models.Device, device_id)
    return (
        row is not None
        and device is not None
        and row.device_id == device_id
        and row.revoked_at is None
        and db.now(session) < row.not_after
        and device.provisioning_status != ProvisioningStatus.PENDING_DELETE
    )


def revoke_older(session: orm.Session, device_id: str, serial: str) -> None:
    """Take the certificates that were made before this one off the device's
    allow-list."""
    present = session.get_one(models.AgentCertificate, serial)
    session.execute(
        sa.update(models.AgentCertificate)
        .where(
            models.AgentCertificate.device_id == device_id,
            models.AgentCertificate.serial != serial,
            models.AgentCertificate.revoked_at.is_(None),
            models.AgentCertificate.not_before < present.not_before,
        )
        .values(revoked_at=db.now(session))
        .execution_options(synchronize_session=False)
    )


def _drop_unused(session: orm.Session, device_id: str, serial: str) -> None:
    """Delete what was handed out long ago and never used: what is not on the
    list is refused, and a device that renews all day must not fill the table.

    Not all of it: a request that comes late must not take away what a later
    one was answered with, or the device is locked out.
    """
    unused = session.scalars(
        sa.select(models.AgentCertificate.serial)
        .where(
            models.AgentCertificate.device_id == device_id,
            models.AgentCertificate.serial != serial,
            models.AgentCertificate.revoked_at.is_(None),
        )
        .order_by(
            models.AgentCertificate.not_before.desc(),
            models.AgentCertificate.serial,
        )
        .offset(KEPT_UNUSED - 1)
    ).all()
    session.execute(
        sa.delete(models.AgentCertificate)
        .where(models.AgentCertificate.serial.in_(unused))
        .execution_options(synchronize_session=False)
    )


def _token(session: orm.Session, token: str) -> models.EnrolmentToken:
    """The row of a token.

    :raises PermanentError: ENROLMENT_REFUSED
    """
    row = session.scalars(
        sa.select(models.EnrolmentToken).where(
            models.EnrolmentToken.token_hash == hash_token(token)
        )
    ).first()
    if row is None:
        raise PermanentError(ENROLMENT_REFUSED, "The token is not known.")
    return row


def _allow(session: orm.Session, device_id: str, leaf: pki.Leaf) -> None:
    session.add(
        models.AgentCertificate(
            serial=leaf.serial,
            device_id=device_id,
            spki_hash=leaf.spki_hash,
            not_before=leaf.not_before,
            not_after=leaf.not_after,
        )
    )


def _tell(
    session: orm.Session,
    device: models.Device,
    type_: str,
    peer: str,
    what: str,
    refusal: str = "",
) -> None:
    if not chatter.may_tell(session, device.id, db.now(session)):
        return
    events.emit(
        session,
        type=type_,
        severity=Severity.ERROR if refusal else Severity.INFO,
        resource_type=ResourceType.DEVICE,
        resource_id=device.id,
        device_id=device.id,
        project_id=device.project_id,
        code=ENROLMENT_REFUSED.code if refusal else None,
        facts={"peer": peer[:128], "detail": refusal},
        message=f"An agent ({peer[:128]}) {what}",
    )
