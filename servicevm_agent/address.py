"""IP addresses; the module `ipaddress` takes long to load."""

from __future__ import annotations

import socket
from typing import Tuple


def packed(text: str) -> Tuple[int, bytes]:
    """Return family (``AF_INET``, ``AF_INET6``) and bytes of an address.

    :raises ValueError: it is none
    """
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return family, socket.inet_pton(family, text)
        except OSError:
            continue
    raise ValueError("not an IP address")


def canonical(text: str) -> str:
    """Return the address as it is usually written.

    :raises ValueError: it is none
    """
    return socket.inet_ntop(*packed(text))
