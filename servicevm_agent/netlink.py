"""Configure network cards through rtnetlink: no process is started.

See rtnetlink(7); numbers are those of linux/rtnetlink.h and if_link.h.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Dict, List, Tuple

from servicevm_agent.address import packed

_NEWLINK, _GETLINK, _NEWADDR, _NEWROUTE = 16, 18, 20, 24
_ERROR, _DONE = 2, 3
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_REPLACE, _CREATE = 0x100, 0x400
_IFLA_ADDRESS, _IFLA_NET_NS_FD = 1, 28
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_OIF, _RTA_GATEWAY = 4, 5
_UP = 0x1
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_TABLE_MAIN, _PROTOCOL_STATIC, _UNICAST = 254, 4, 1


class Netlink:
    """A socket to the kernel, in the namespace in which it was made."""

    def __init__(self) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE
        )
        self._socket.settimeout(5)
        self._socket.bind((0, 0))
        self._sequence = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def links(self) -> Dict[str, int]:
        """Return MAC address (lower case) to interface index."""
        found: Dict[str, int] = {}
        body = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        for payload in self._ask(_GETLINK, _DUMP, body):
            index = _LINK.unpack_from(payload)[2]
            for kind, value in _attributes(payload[_LINK.size :]):
                if kind == _IFLA_ADDRESS and len(value) == 6:
                    found[":".join(f"{byte:02x}" for byte in value)] = index
        return found

    def move(self, index: int, namespace: int) -> None:
        """Move a card into the namespace that the descriptor stands for."""
        body = _LINK.pack(socket.AF_UNSPEC, 0, index, 0, 0)
        body += _attribute(_IFLA_NET_NS_FD, struct.pack("=I", namespace))
        self._ask(_NEWLINK, _ACK, body)

    def up(self, index: int) -> None:
        """Switch a card on; 1 is ``lo``."""
        body = _LINK.pack(socket.AF_UNSPEC, 0, index, _UP, _UP)
        self._ask(_NEWLINK, _ACK, body)

    def address(self, index: int, address: str, prefix: int) -> None:
        """Give a card its address; again is harmless."""
        family, ip = packed(address)
        body = _ADDRESS.pack(family, prefix, 0, 0, index)
        body += _attribute(_IFA_LOCAL, ip)
        body += _attribute(_IFA_ADDRESS, ip)
        self._ask(_NEWADDR, _ACK | _CREATE | _REPLACE, body)

    def default_route(self, index: int, gateway: str) -> None:
        """Send what is for nobody here to the gateway."""
        family, ip = packed(gateway)
        body = _ROUTE.pack(
            family, 0, 0, 0, _TABLE_MAIN, _PROTOCOL_STATIC, 0, _UNICAST, 0
        )
        body += _attribute(_RTA_GATEWAY, ip)
        body += _attribute(_RTA_OIF, struct.pack("=I", index))
        self._ask(_NEWROUTE, _ACK | _CREATE | _REPLACE, body)

    def _ask(self, kind: int, flags: int, body: bytes) -> List[bytes]:
        """Send one message, return the payloads of the answer.

        :raises OSError: the kernel refuses
        """
        self._sequence += 1
        header = _HEADER.pack(
            _HEADER.size + len(body), kind, flags | _REQUEST,
            self._sequence, 0,
        )  # fmt: skip
        self._socket.send(header + body)
        answers: List[bytes] = []
        while True:
            data = self._socket.recv(1 << 18)
            while len(data) >= _HEADER.size:
                length, answer, _, sequence, _ = _HEADER.unpack_from(data)
                payload = data[_HEADER.size : length]
                data = data[(length + 3) & ~3 :]
                if sequence != self._sequence:
                    continue
                if answer == _DONE:
                    return answers
                if answer == _ERROR:
                    (code,) = struct.unpack_from("=i", payload)
                    if code:
                        raise OSError(-code, os.strerror(-code))
                    return answers
                answers.append(payload)


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def _attributes(data: bytes) -> List[Tuple[int, bytes]]:
    found = []
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if length < 4:
            break
        found.append((kind & 0x3FFF, data[4:length]))
        data = data[(length + 3) & ~3 :]
    return found
