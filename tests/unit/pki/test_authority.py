import datetime
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from servicevm import clock, errors
from servicevm.pki._authority import MAX_CSR, Authority, new_root

DEVICE = "6f2c1c1e-6a5c-4a0e-9a0c-0d1f6f9d2b11"
NOW = 1_800_000_000 * clock.SECOND


def make_csr(key, *, san="spiffe://evil/device/1", common_name="root"):
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(san)]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )


@pytest.fixture
def authority():
    return Authority(
        new_root("lab", NOW),
        "",
        deployment_id="lab",
        leaf_days=7,
        now=lambda: NOW,
    )


@pytest.fixture
def key():
    return ec.generate_private_key(ec.SECP256R1())


def uris(certificate):
    return certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value.get_values_for_type(x509.UniformResourceIdentifier)


def test_the_identity_is_ours_and_nothing_of_the_csr_is_copied(authority, key):
    leaf = authority.sign(make_csr(key), DEVICE)
    certificate = x509.load_pem_x509_certificate(leaf.certificate.encode())
    assert uris(certificate) == [f"spiffe://lab/device/{DEVICE}"]
    assert certificate.subject.rfc4514_string() == f"CN={DEVICE}"
    constraints = certificate.extensions.get_extension_for_class(
        x509.BasicConstraints
    )
    assert constraints.value.ca is False
    usage = certificate.extensions.get_extension_for_class(
        x509.ExtendedKeyUsage
    )
    assert list(usage.value) == [ExtendedKeyUsageOID.CLIENT_AUTH]


def test_the_leaf_says_what_the_certificate_says(authority, key):
    leaf = authority.sign(make_csr(key), DEVICE)
    certificate = x509.load_pem_x509_certificate(leaf.certificate.encode())
    assert int(leaf.serial, 16) == certificate.serial_number
    assert leaf.serial == leaf.serial.lower()
    assert len(leaf.serial) <= 40
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    assert leaf.spki_hash == hashlib.sha256(spki).hexdigest()
    assert leaf.not_before == NOW - 300 * clock.SECOND
    assert leaf.not_after == NOW + 7 * 86_400 * clock.SECOND
    assert certificate.not_valid_after_utc == datetime.datetime.fromtimestamp(
        leaf.not_after // clock.SECOND, datetime.UTC
    )


def test_a_relay_may_serve_and_not_act_as_a_device(authority):
    certificate = x509.load_pem_x509_certificate(
        authority.issue_relay("edge", "hall-3")
    )
    assert uris(certificate) == [
        "spiffe://lab/relay/edge",
        "spiffe://lab/relay-group/hall-3",
    ]
    usage = certificate.extensions.get_extension_for_class(
        x509.ExtendedKeyUsage
    )
    assert list(usage.value) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_leaf_does_not_outlive_the_root(key):
    root = new_root("lab", NOW - 3649 * 86_400 * clock.SECOND)
    authority = Authority(
        root, "", deployment_id="lab", leaf_days=7, now=lambda: NOW
    )
    leaf = authority.sign(make_csr(key), DEVICE)
    assert leaf.not_after == NOW + 86_400 * clock.SECOND


@pytest.mark.parametrize("days", [0.0001, 0.01, 1, 7])
def test_a_fresh_leaf_is_not_past_its_half(key, days):
    authority = Authority(
        new_root("lab", NOW),
        "",
        deployment_id="lab",
        leaf_days=days,
        now=lambda: NOW,
    )
    leaf = authority.sign(make_csr(key), DEVICE)
    half = (leaf.not_before + leaf.not_after) / 2
    # Agents renew a tenth around it.
    assert NOW + 0.35 * days * 86_400 * clock.SECOND < half
    assert NOW - 300 * clock.SECOND <= leaf.not_before <= NOW


def tampered():
    der = bytearray(
        x509.load_pem_x509_csr(
            make_csr(ec.generate_private_key(ec.SECP256R1())).encode()
        ).public_bytes(serialization.Encoding.DER)
    )
    at = bytes(der).index(b"root")
    der[at : at + 4] = b"toor"
    return (
        x509.load_der_x509_csr(bytes(der))
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )


@pytest.mark.parametrize(
    ("csr", "says"),
    [
        pytest.param(lambda: "", "cannot be read", id="empty"),
        pytest.param(lambda: "x" * (MAX_CSR + 1), "8192", id="too-long"),
        pytest.param(
            lambda: (
                "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"
                "-----END CERTIFICATE REQUEST-----\n"
            ),
            "cannot be read",
            id="garbage",
        ),
        pytest.param(
            lambda: make_csr(ec.generate_private_key(ec.SECP384R1())),
            "P-256",
            id="other-curve",
        ),
        pytest.param(
            lambda: make_csr(rsa.generate_private_key(65537, 2048)),
            "P-256",
            id="rsa",
        ),
        pytest.param(tampered, "signature", id="tampered"),
    ],
)
def test_a_bad_csr_is_refused_with_a_sentence(authority, csr, says):
    with pytest.raises(errors.PermanentError, match=says) as caught:
        authority.sign(csr(), DEVICE)
    assert caught.value.reason is errors.ENROLMENT_REFUSED


def test_key_and_certificate_must_belong_together():
    one, other = new_root("lab", NOW), new_root("lab", NOW)
    cut = b"-----BEGIN CERTIFICATE-----"
    mixed = one[: one.index(cut)] + other[other.index(cut) :]
    with pytest.raises(ValueError, match="do not belong"):
        Authority(mixed, "", deployment_id="lab", leaf_days=1)
