"""Key and certificate on the state disk, with the real openssl."""

import base64
import shutil
import time
from pathlib import Path

import pytest

from servicevm_agent.certificate import validity
from servicevm_agent.identity import Identity, IdentityError
from tests.unit.agent.certificates import Authority

OPENSSL = shutil.which("openssl") or "/usr/bin/openssl"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def identity(tmp_path: Path, authority: Authority) -> Identity:
    return Identity(str(tmp_path), authority.pem, OPENSSL)


def test_the_request_is_made_once_and_survives_a_restart(
    identity: Identity, tmp_path: Path, authority: Authority
) -> None:
    csr = identity.pending_csr()
    assert identity.pending_csr() == csr
    assert Identity(str(tmp_path), "", OPENSSL).pending_csr() == csr
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0


def test_the_certificate_is_kept_with_its_key_and_the_next_key_is_fresh(
    identity: Identity, tmp_path: Path, authority: Authority
) -> None:
    assert not identity.enrolled
    csr = identity.pending_csr()
    identity.accept(
        authority.sign_csr(csr, "spiffe://x/device/y"), authority.pem
    )
    assert identity.enrolled
    assert not identity.expired()
    assert identity.context(enrolling=False)
    assert [p.name for p in tmp_path.iterdir()] == ["identity.pem"]
    half = time.time() + 7 * 86400 / 2
    assert abs(identity.renew_at() - half) < 7 * 86400 / 18
    assert identity.pending_csr() != csr


def test_a_certificate_for_another_key_is_refused(
    identity: Identity, tmp_path: Path, authority: Authority
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    csr = Identity(str(other), "", OPENSSL).pending_csr()
    identity.pending_csr()
    with pytest.raises(IdentityError):
        identity.accept(authority.sign_csr(csr, "spiffe://x"), authority.pem)
    assert not identity.enrolled
    with pytest.raises(IdentityError):
        identity.accept("nonsense", authority.pem)


def test_a_disk_that_is_gone_is_told_and_nothing_is_lost(
    identity: Identity, tmp_path: Path, authority: Authority
) -> None:
    certificate = authority.sign_csr(identity.pending_csr(), "spiffe://x")
    away = tmp_path.with_name("away")
    tmp_path.rename(away)
    with pytest.raises(IdentityError, match="No such file"):
        identity.pending_csr()
    with pytest.raises(IdentityError):
        identity.accept(certificate, authority.pem)
    with pytest.raises(IdentityError):
        identity.trust(authority.pem + Authority().pem)
    away.rename(tmp_path)
    identity.accept(certificate, authority.pem)
    assert identity.enrolled


def test_only_a_bundle_with_certificates_is_trusted_and_kept_if_new(
    identity: Identity, tmp_path: Path, authority: Authority
) -> None:
    identity.trust(authority.pem)
    assert not (tmp_path / "ca.pem").exists()
    newer = authority.pem + Authority().pem
    identity.trust(newer)
    assert (tmp_path / "ca.pem").read_text() == newer
    with pytest.raises(IdentityError):
        identity.trust("nonsense")
    assert identity.context(enrolling=True)


def test_validity_is_what_the_certificate_says(authority: Authority) -> None:
    start, end = validity(authority.pem)
    made = authority.certificate
    assert start == int(made.not_valid_before_utc.timestamp())
    assert end == int(made.not_valid_after_utc.timestamp())


@pytest.mark.parametrize(
    ("tag", "text", "seconds"),
    [
        (0x17, b"700101000000Z", 0),
        (0x17, b"491231235959Z", 2524607999),
        (0x17, b"500101000000Z", -631152000),
        (0x18, b"20000229120000Z", 951825600),
        (0x18, b"21000301000000Z", 4107542400),
    ],
)
def test_times_are_seconds_since_the_epoch(
    tag: int, text: bytes, seconds: int
) -> None:
    value = bytes([tag, len(text)]) + text
    both = bytes([0x30, 2 * len(value)]) + 2 * value
    der = bytes([0x30, len(both)]) + both
    der = bytes([0x30, len(der)]) + der
    pem = (
        "-----BEGIN CERTIFICATE-----\n"
        + base64.b64encode(der).decode()
        + "\n-----END CERTIFICATE-----\n"
    )
    assert validity(pem) == (seconds, seconds)


@pytest.mark.parametrize(
    "pem",
    ["", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----"],
)
def test_what_is_no_certificate_has_no_validity(pem: str) -> None:
    with pytest.raises(ValueError, match="certificate"):
        validity(pem)
