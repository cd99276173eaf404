"""Who a client certificate says its holder is."""

import re
from dataclasses import dataclass

from cryptography import x509

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class Identity:
    """:param serial: the certificate's, lower-case hex
    :param not_after: seconds since the epoch
    """

    device_id: str
    serial: str
    not_after: float


def identify(der: bytes, deployment_id: str) -> Identity:
    """Read the device from a certificate that TLS has already verified.

    Exactly one URI, ``spiffe://<deployment>/device/<uuid>``, and nothing
    else: a certificate with two names has none.

    :raises ValueError: with a sentence, if it names no device of ours
    """
    certificate = x509.load_der_x509_certificate(der)
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        raise ValueError("the certificate has no alternative name") from None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    if len(uris) != 1 or len(list(names)) != 1:
        raise ValueError("the certificate must hold exactly one URI")
    found = re.fullmatch(
        rf"spiffe://{re.escape(deployment_id)}/device/({_UUID})", uris[0]
    )
    if not found:
        raise ValueError(f"{uris[0][:128]} is no device of this deployment")
    return Identity(
        found[1],
        format(certificate.serial_number, "x"),
        certificate.not_valid_after_utc.timestamp(),
    )
