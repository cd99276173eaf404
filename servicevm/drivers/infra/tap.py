"""Taps on Linux bridges. A tap lives as long as its file is open: QEMU gets
the file, and the tap vanishes with QEMU."""

import errno
import fcntl
import os
import re
import socket
import struct
from pathlib import Path

from servicevm.errors import (
    NETWORK_MISSING,
    PRIVILEGE_MISSING,
    PermanentError,
    TransientError,
)

PREFIX = "bridge:"
_BRIDGE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,15}")
_CLONE = "/dev/net/tun"

# From linux/if_tun.h, linux/sockios.h and linux/if.h.
_TUNSETIFF = 0x400454CA
_IFF_TAP = 0x0002
_IFF_NO_PI = 0x1000
_IFF_VNET_HDR = 0x4000
_SIOCBRADDIF = 0x89A2
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1


def bridge_name(network: str) -> str | None:
    """Name of the bridge of a network ``bridge:NAME``, or None."""
    name = network.removeprefix(PREFIX)
    if name == network or not _BRIDGE_NAME.fullmatch(name):
        return None
    return None if name in (".", "..") else name


def tap_name(device_id: str, index: int) -> str:
    """Name of the tap of a device's interface, at most 15 characters."""
    return f"sv{device_id.replace('-', '')[:10]}n{index}"


def _ifreq(name: str, tail: bytes = b"") -> bytes:
    return struct.pack("16s24s", name.encode(), tail)


def open_tap(name: str, bridge: str) -> int:
    """Make a tap, up and on the bridge.

    :returns: its file descriptor, for QEMU
    :raises PermanentError: NETWORK_MISSING, PRIVILEGE_MISSING
    """
    if not Path("/sys/class/net", bridge, "bridge").is_dir():
        raise PermanentError(
            NETWORK_MISSING, f"There is no Linux bridge {bridge}."
        )
    try:
        tap = os.open(_CLONE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise PermanentError(
            PRIVILEGE_MISSING, f"{_CLONE}: {error.strerror}."
        ) from error
    try:
        flags = _IFF_TAP | _IFF_NO_PI | _IFF_VNET_HDR
        fcntl.ioctl(tap, _TUNSETIFF, _ifreq(name, struct.pack("H", flags)))
        # The host itself has no business on the tenant's network.
        quiet = Path("/proc/sys/net/ipv6/conf", name, "disable_ipv6")
        if quiet.exists():
            quiet.write_text("1")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
            index = struct.pack("i", socket.if_nametoindex(name))
            fcntl.ioctl(control, _SIOCBRADDIF, _ifreq(bridge, index))
            now = fcntl.ioctl(control, _SIOCGIFFLAGS, _ifreq(name))
            (present,) = struct.unpack_from("H", now, 16)
            up = struct.pack("H", present | _IFF_UP)
            fcntl.ioctl(control, _SIOCSIFFLAGS, _ifreq(name, up))
    except OSError as error:
        os.close(tap)
        if error.errno in (errno.EPERM, errno.EACCES):
            raise PermanentError(
                PRIVILEGE_MISSING,
                f"A tap on the bridge {bridge} cannot be made: "
                f"{error.strerror}.",
            ) from error
        raise TransientError(
            NETWORK_MISSING,
            f"The tap {name} cannot be put on the bridge {bridge}: "
            f"{error.strerror}.",
        ) from error
    return tap
