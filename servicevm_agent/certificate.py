"""The validity of a certificate: as much X.509 as the agent needs."""

from __future__ import annotations

import base64
from typing import Iterator, Tuple

_BEGIN = "-----BEGIN CERTIFICATE-----"
_END = "-----END CERTIFICATE-----"
_SEQUENCE = 0x30
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18


def validity(pem: str) -> Tuple[int, int]:
    """Return notBefore and notAfter of the first certificate in `pem`, in
    seconds since the epoch.

    :raises ValueError: there is none, or it cannot be read
    """
    _, _, rest = pem.partition(_BEGIN)
    text, end, _ = rest.partition(_END)
    if not end:
        raise ValueError("no certificate")
    der = base64.b64decode(text)
    try:
        certificate = next(_values(der))[1]
        for tag, value in _values(next(_values(certificate))[1]):
            # The first SEQUENCE that begins with a time is the validity.
            if tag == _SEQUENCE and value[:1] in (b"\x17", b"\x18"):
                times = [_time(t, v) for t, v in _values(value)]
                return times[0], times[1]
    except (IndexError, StopIteration):
        pass
    raise ValueError("the certificate cannot be read")


def _values(der: bytes) -> Iterator[Tuple[int, bytes]]:
    """Yield tag and content of the values that lie one after another."""
    at = 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        if at + length > len(der):
            raise ValueError("the certificate is cut off")
        yield tag, der[at : at + length]
        at += length


def _time(tag: int, value: bytes) -> int:
    text = value.decode("ascii")
    if tag == _UTC_TIME:
        # RFC 5280, 4.1.2.5.1: two digits mean 1950 to 2049.
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise ValueError("a validity without times")
    if len(text) != 15 or not text[:14].isdigit() or text[14] != "Z":
        raise ValueError("the certificate has a strange time")
    year, month = int(text[:4]), int(text[4:6])
    day, hour = int(text[6:8]), int(text[8:10])
    minute, second = int(text[10:12]), int(text[12:14])
    return ((_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second


def _days(year: int, month: int, day: int) -> int:
    """Days from 1970-01-01; years that begin in March end with the leap
    day. `calendar` and `time.strptime` take long to load."""
    year -= month <= 2
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    leaps = year // 4 - year // 100 + year // 400
    return year * 365 + leaps + of_year - 719468
