"""Asks for an address by DHCP, at the wire: ``python dhcp.py IFACE MAC``.

Run inside a host's namespace; prints the offer as JSON. Standard library
only.
"""

import json
import random
import socket
import struct
import sys

_COOKIE = b"\x63\x82\x53\x63"
_SECONDS = 3.0
_TRIES = 5


def main(interface: str, mac: str) -> int:
    number = random.getrandbits(32)
    hardware = bytes.fromhex(mac.replace(":", ""))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(
            socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode()
        )
        sock.bind(("", 68))
        sock.settimeout(_SECONDS)
        for _ in range(_TRIES):
            sock.sendto(discover(number, hardware), ("255.255.255.255", 67))
            try:
                answer = sock.recv(2048)
            except TimeoutError:
                continue
            if struct.unpack("!I", answer[4:8])[0] == number:
                print(json.dumps(told(answer)))
                return 0
    return 1


def discover(number: int, hardware: bytes) -> bytes:
    head = struct.pack("!BBBBIHH", 1, 1, 6, 0, number, 0, 0x8000)
    return (
        head
        + bytes(16)
        + hardware.ljust(16, b"\0")
        + bytes(64 + 128)
        + _COOKIE
        + bytes([53, 1, 1, 55, 3, 1, 3, 26, 255])
    )


def told(answer: bytes) -> dict[str, object]:
    """address, and of the options mask, router and mtu where there are."""
    found: dict[str, object] = {"address": socket.inet_ntoa(answer[16:20])}
    rest = answer[answer.index(_COOKIE) + 4 :]
    while rest and rest[0] != 255:
        if rest[0] == 0:
            rest = rest[1:]
            continue
        code, size, value = rest[0], rest[1], rest[2 : 2 + rest[1]]
        if code in (1, 3):
            found[{1: "mask", 3: "router"}[code]] = socket.inet_ntoa(value)
        elif code == 26:
            found["mtu"] = struct.unpack("!H", value)[0]
        rest = rest[2 + size :]
    return found


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
