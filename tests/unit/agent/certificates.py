"""A throw-away CA for tests of the agent."""

import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DEPLOYMENT = "test"


class Authority:
    """Signs what it is asked to."""

    def __init__(self, name: str = "test CA") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            self._builder(subject, subject, self.key.public_key(), 3650)
            .add_extension(x509.BasicConstraints(True, 0), critical=True)
            .add_extension(
                x509.KeyUsage(
                    digital_signature=False,
                    content_commitment=False,
                    key_encipherment=False,
                    data_encipherment=False,
                    key_agreement=False,
                    key_cert_sign=True,
                    crl_sign=True,
                    encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )
            .sign(self.key, hashes.SHA256())
        )
        self.pem = _pem(self.certificate)

    def sign_csr(
        self, csr_pem: str, uri: str, seconds: float = 7 * 86400
    ) -> str:
        """Return a client certificate for the CSR's key."""
        csr = x509.load_pem_x509_csr(csr_pem.encode())
        assert csr.is_signature_valid
        return _pem(
            self._leaf(
                csr.public_key(),
                _uris([uri]),
                ExtendedKeyUsageOID.CLIENT_AUTH,
                seconds,
            )
        )

    def relay_context(
        self,
        folder: Path,
        alpn: list[str],
        *,
        uris: Sequence[str] = (f"spiffe://{DEPLOYMENT}/relay/r1",),
    ) -> ssl.SSLContext:
        """Return a TLS server context like the relay's."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(
            key.public_key(),
            _uris(uris),
            ExtendedKeyUsageOID.SERVER_AUTH,
            86400,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _load(context, folder, key, _pem(leaf))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=self.pem)
        context.set_alpn_protocols(alpn)
        return context

    def web_context(self, folder: Path, address: str) -> ssl.SSLContext:
        """Return a TLS server context like that of any web server."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(
            key.public_key(),
            [x509.IPAddress(ipaddress.ip_address(address))],
            ExtendedKeyUsageOID.SERVER_AUTH,
            86400,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        _load(context, folder, key, _pem(leaf))
        return context

    def device_context(
        self, folder: Path, device_id: str, alpn: str
    ) -> ssl.SSLContext:
        """Return a TLS client context of an enrolled device."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._leaf(
            key.public_key(),
            _uris([f"spiffe://{DEPLOYMENT}/device/{device_id}"]),
            ExtendedKeyUsageOID.CLIENT_AUTH,
            86400,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load(context, folder, key, _pem(leaf))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.load_verify_locations(cadata=self.pem)
        context.set_alpn_protocols([alpn])
        return context

    def _leaf(
        self,
        key: object,
        names: Sequence[x509.GeneralName],
        usage: x509.ObjectIdentifier,
        seconds: float,
    ) -> x509.Certificate:
        return (
            self._builder(
                x509.Name([]),
                self.certificate.subject,
                key,
                seconds / 86400,
            )
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: object, days: float
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=days))
        )


def _uris(uris: Sequence[str]) -> list[x509.GeneralName]:
    return [x509.UniformResourceIdentifier(uri) for uri in uris]


def _load(
    context: ssl.SSLContext,
    folder: Path,
    key: ec.EllipticCurvePrivateKey,
    certificate: str,
) -> None:
    path = folder / f"{id(key)}.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.encode()
    )
    context.load_cert_chain(path)
    path.unlink()


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
