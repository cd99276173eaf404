"""Certificates for agents, good and bad, from a root that pki made."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Credentials:
    """Signs for agents with the key of a root's folder."""

    def __init__(self, pki_dir: Path, scratch: Path) -> None:
        pem = (pki_dir / "authority.pem").read_bytes()
        key = serialization.load_pem_private_key(pem, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key
        self._root = x509.load_pem_x509_certificate(pem)
        self._scratch = scratch
        self.bundle = self._root.public_bytes(
            serialization.Encoding.PEM
        ).decode()

    def issue(self, *uris: str, life: float = 3600.0) -> tuple[bytes, str]:
        """Key and certificate as PEM, and the serial as hex."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(
                x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agent")])
            )
            .issuer_name(self._root.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(seconds=life))
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]),
                critical=True,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self._key.public_key()
                ),
                critical=False,
            )
        )
        if uris:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(
                    [x509.UniformResourceIdentifier(uri) for uri in uris]
                ),
                critical=False,
            )
        certificate = builder.sign(self._key, hashes.SHA256())
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ) + certificate.public_bytes(serialization.Encoding.PEM)
        return pem, format(certificate.serial_number, "x")

    def context(
        self, pem: bytes | None, *alpn: str, bundle: str | None = None
    ) -> ssl.SSLContext:
        """What an agent dials with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.load_verify_locations(cadata=bundle or self.bundle)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if pem is not None:
            path = self._scratch / "agent.pem"
            path.write_bytes(pem)
            context.load_cert_chain(path)
            path.unlink()
        return context
