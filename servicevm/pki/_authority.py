"""Signing, without any file: keys and certificates are PEM texts."""

import datetime
import hashlib
import hmac
import uuid
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from servicevm import clock
from servicevm.conf import DEFAULT_RELAY_GROUP
from servicevm.errors import ENROLMENT_REFUSED, PermanentError

#: A P-256 CSR takes about 500 bytes; nothing longer is looked at.
MAX_CSR = 8192
ROOT_DAYS = 3650
RELAY_DAYS = 397
#: Clocks of guests run late: certificates are valid from a bit before now,
#: though never from so long before that a short one is past its half at once.
BACKDATE = 300 * clock.SECOND
_BACKDATED_PART = 20
DAY = 86_400 * clock.SECOND


class Leaf(NamedTuple):
    """A signed certificate of a device.

    :param certificate: PEM
    :param serial: lower-case hex without 0x
    :param spki_hash: hex SHA-256 of the DER SubjectPublicKeyInfo
    :param not_before: microseconds since the epoch
    :param not_after: microseconds since the epoch
    """

    certificate: str
    serial: str
    spki_hash: str
    not_before: int
    not_after: int


def device_uri(deployment_id: str, device_id: str) -> str:
    return f"spiffe://{deployment_id}/device/{device_id}"


def relay_uri(deployment_id: str, name: str) -> str:
    return f"spiffe://{deployment_id}/relay/{name}"


def relay_group_uri(deployment_id: str, group: str) -> str:
    return f"spiffe://{deployment_id}/relay-group/{group}"


def _at(us: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(us // clock.SECOND, datetime.UTC)


def _us(at: datetime.datetime) -> int:
    return int(at.timestamp()) * clock.SECOND


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _name(common_name: str) -> x509.Name:
    # X.520 bounds a common name to 64 characters.
    return x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def spki_hash(key: ec.EllipticCurvePublicKey) -> str:
    """Hex SHA-256 of the key's DER SubjectPublicKeyInfo."""
    der = key.public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    return hashlib.sha256(der).hexdigest()


def read_csr(csr_pem: str) -> ec.EllipticCurvePublicKey:
    """Return the P-256 key that signed the request.

    Nothing else of the request is used: who the device is, we know.

    :raises PermanentError: ENROLMENT_REFUSED
    """
    if len(csr_pem) > MAX_CSR:
        raise _refused(f"The CSR has more than {MAX_CSR} characters.")
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        signed = csr.is_signature_valid
        key = csr.public_key()
    except Exception as error:
        # cryptography raises ValueError, UnsupportedAlgorithm or its own
        # parser's errors for hostile input; all of them refuse.
        raise _refused(f"The CSR cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(
        key.curve, ec.SECP256R1
    ):
        raise _refused("The CSR's key is not a P-256 key.")
    if not signed:
        raise _refused("The CSR's signature is wrong.")
    return key


def csr_key(csr_pem: str) -> str:
    """Check a request; name its key by hex SHA-256 of the SPKI.

    :raises PermanentError: ENROLMENT_REFUSED
    """
    return spki_hash(read_csr(csr_pem))


def _refused(detail: str) -> PermanentError:
    return PermanentError(ENROLMENT_REFUSED, detail)


def new_root(deployment_id: str, now: int) -> bytes:
    """Make a root: its key and its certificate, PEM, in one piece."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"servicevm CA {deployment_id}")
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_at(now - BACKDATE))
        .not_valid_after(_at(now + ROOT_DAYS * DAY))
        .add_extension(x509.BasicConstraints(True, 0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)


class Authority:
    """The issuing side.

    :param pem: key and certificate of the root, as `new_root` made them
    :param bundle: PEM of every root that agents are to trust
    :param leaf_days: life of a device's certificate
    """

    def __init__(
        self,
        pem: bytes,
        bundle: str,
        *,
        deployment_id: str,
        leaf_days: float,
        now: Callable[[], int] | None = None,
    ) -> None:
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the CA's key is not an elliptic curve key")
        self._key = key
        self._root = x509.load_pem_x509_certificate(pem)
        if self._root.public_key() != key.public_key():
            raise ValueError("the CA's key and certificate do not belong")
        self._deployment_id = deployment_id
        self._leaf_days = leaf_days
        self._now = now or clock.now_us
        self.ca_bundle = bundle

    def sign(self, csr_pem: str, device_id: str) -> Leaf:
        """Certify the CSR's key as that of the device.

        :param device_id: UUID, as the control plane knows it; nothing that
            the CSR says of its subject is read
        :raises PermanentError: ENROLMENT_REFUSED, with what is wrong
        """
        key = read_csr(csr_pem)
        if str(uuid.UUID(device_id)) != device_id:
            raise ValueError(f"not a canonical UUID: {device_id!r}")
        certificate = self._issue(
            key,
            [device_uri(self._deployment_id, device_id)],
            device_id,
            ExtendedKeyUsageOID.CLIENT_AUTH,
            self._leaf_days,
        )
        return Leaf(
            certificate.public_bytes(serialization.Encoding.PEM).decode(),
            format(certificate.serial_number, "x"),
            spki_hash(key),
            _us(certificate.not_valid_before_utc),
            _us(certificate.not_valid_after_utc),
        )

    def issue_relay(
        self, name: str, group: str = DEFAULT_RELAY_GROUP
    ) -> bytes:
        """Make a key and a certificate for a relay, PEM, in one piece.

        :param group: the relay group that it belongs to
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._issue(
            key.public_key(),
            [
                relay_uri(self._deployment_id, name),
                relay_group_uri(self._deployment_id, group),
            ],
            name,
            ExtendedKeyUsageOID.SERVER_AUTH,
            RELAY_DAYS,
        )
        return _pem(key) + certificate.public_bytes(serialization.Encoding.PEM)

    def enrolment_token(self, device_id: str, nonce: int) -> str:
        """The one-time token that belongs to these two: 256 bits in hex.

        Derived rather than random: a conductor that is killed after it has
        handed the token out hands out the same one when it goes on, and
        still only its hash is stored.
        """
        secret = HKDF(
            hashes.SHA256(), 32, None, b"servicevm enrolment token"
        ).derive(self._key.private_numbers().private_value.to_bytes(32, "big"))
        message = f"{device_id}/{nonce}".encode()
        return hmac.new(secret, message, hashlib.sha256).hexdigest()

    def issued(self, certificate: x509.Certificate) -> bool:
        """Whether this root signed the certificate."""
        return certificate.issuer == self._root.subject and (
            _issuer_key(certificate) == _subject_key(self._root)
        )

    def trusts(self, certificate: x509.Certificate) -> bool:
        """Whether a root of the bundle signed the certificate."""
        roots = x509.load_pem_x509_certificates(self.ca_bundle.encode())
        for root in roots:
            try:
                certificate.verify_directly_issued_by(root)
            except (InvalidSignature, TypeError, ValueError):
                continue
            return True
        return False

    def _issue(
        self,
        key: ec.EllipticCurvePublicKey,
        uris: Sequence[str],
        common_name: str,
        usage: x509.ObjectIdentifier,
        days: float,
    ) -> x509.Certificate:
        now = self._now()
        life = int(days * DAY)
        begin = _at(now - min(BACKDATE, life // _BACKDATED_PART))
        end = min(_at(now + life), self._root.not_valid_after_utc)
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common_name))
            .issuer_name(self._root.subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
            .add_extension(
                x509.SubjectAlternativeName(
                    [x509.UniformResourceIdentifier(uri) for uri in uris]
                ),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )


def _subject_key(certificate: x509.Certificate) -> bytes:
    found = certificate.extensions.get_extension_for_class(
        x509.SubjectKeyIdentifier
    )
    return found.value.digest


def _issuer_key(certificate: x509.Certificate) -> bytes | None:
    found = certificate.extensions.get_extension_for_class(
        x509.AuthorityKeyIdentifier
    )
    return found.value.key_identifier
