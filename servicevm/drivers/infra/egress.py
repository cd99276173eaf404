"""A SOCKS4 server for one connection, on stdin and stdout.

QEMU's user-mode network starts it for every connection of the guest to the
one address it may reach. It connects to the (address, port) pairs that the
file in its argument allows, and to nothing else. Standard library only: it
runs as ``python -I -S -E egress.py FILE`` and starts in milliseconds.
"""

import fcntl
import json
import os
import select
import socket
import struct
import sys

GRANTED = 0x5A
REFUSED = 0x5B
_CONNECT = 1
_CHUNK = 65536
_REQUEST_TIMEOUT = 10.0
_CONNECT_TIMEOUT = 10.0
#: Of user id, in bytes; the field is not used.
_MAX_USER = 256
#: Connections of one device at once.
MOST = 256
_ENDED = select.POLLHUP | select.POLLERR


class Refused(Exception):
    """The request is not one that is served."""


def allowed(path: str) -> set[tuple[str, int]]:
    """The pairs that the file allows; none where it is not readable."""
    try:
        with open(path, encoding="utf-8") as file:
            pairs = json.load(file)["allow"]
        return {(str(address), int(port)) for address, port in pairs}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def parse(request: bytes) -> tuple[str, int] | None:
    """Address and port of a complete SOCKS4 request; None if there is more
    to come.

    :raises Refused: not SOCKS4, not CONNECT, or too long
    """
    if request[:1] not in (b"", b"\4"):
        raise Refused("not SOCKS4")
    if len(request) < 9:
        return None
    _, command, port = struct.unpack_from(">BBH", request)
    if command != _CONNECT:
        raise Refused("not CONNECT")
    if 0 not in request[8:]:
        if len(request) > 8 + _MAX_USER:
            raise Refused("user id too long")
        return None
    return socket.inet_ntoa(request[4:8]), port


def reply(code: int) -> bytes:
    return struct.pack(">BBHI", 0, code, 0, 0)


def _read_request(guest: socket.socket) -> tuple[str, int]:
    """Read byte by byte to the end of the request and not beyond it."""
    guest.settimeout(_REQUEST_TIMEOUT)
    request = b""
    while (found := parse(request)) is None:
        byte = guest.recv(1)
        if not byte:
            raise Refused("ended early")
        request += byte
    return found


def _forward(guest: socket.socket, peer: socket.socket) -> None:
    """Carry bytes both ways until both sides have ended, or the guest is
    gone altogether: then nobody is left to answer."""
    target = {guest: peer, peer: guest}
    reading = {guest, peer}
    pending = {guest: b"", peer: b""}
    ending: set[socket.socket] = set()
    gone = False
    for side in target:
        side.setblocking(False)
    while reading or any(pending.values()):
        poller = select.poll()
        for side in target:
            # back-pressure: not read while the other side is behind
            wanted = select.POLLIN * (
                side in reading and not pending[target[side]]
            )
            wanted |= select.POLLOUT * bool(pending[side])
            # With nothing wanted a poll still tells of the end.
            listening = side is guest and side not in reading and not gone
            if wanted or listening:
                poller.register(side, wanted)
        happened = dict(poller.poll())
        for side in target:
            event = happened.get(side.fileno(), 0)
            if side is guest and side not in reading and event & _ENDED:
                gone = True
                pending[guest] = b""
                reading.clear()
                continue
            if side in reading and event & (select.POLLIN | _ENDED):
                data = side.recv(_CHUNK)
                if data:
                    pending[target[side]] = data
                else:
                    reading.discard(side)
                    ending.add(target[side])
            if pending[side] and event & (select.POLLOUT | _ENDED):
                sent = side.send(pending[side])
                pending[side] = pending[side][sent:]
        for side in [side for side in ending if not pending[side]]:
            ending.discard(side)
            if not (gone and side is guest):
                side.shutdown(socket.SHUT_WR)


def take_place(path: str) -> bool:
    """Take one of the device's places, until this process ends.

    Each connection is a process: without a bound a guest could have the
    host start as many as it likes.

    :param path: file beside which the places are kept, as locks
    """
    try:
        places = os.open(
            path + ".places", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
    except OSError:
        return False
    for number in range(MOST):
        place = (os.getpid() + number) % MOST
        try:
            fcntl.lockf(places, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except BlockingIOError:
            continue
        return True
    os.close(places)
    return False


def serve(guest: socket.socket, path: str) -> None:
    """Serve one connection to its end."""
    try:
        if not take_place(path):
            raise Refused("too many connections")
        pair = _read_request(guest)
        if pair not in allowed(path):
            raise Refused("not allowed")
        peer = socket.create_connection(pair, timeout=_CONNECT_TIMEOUT)
    except (OSError, Refused):
        guest.sendall(reply(REFUSED))
        return
    with peer:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A peer that is gone without a word must not keep the place.
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        guest.sendall(reply(GRANTED))
        _forward(guest, peer)


def main() -> int:
    if len(sys.argv) != 2:
        sys.stderr.write("usage: egress.py FILE\n")
        return 2
    with socket.socket(fileno=os.dup(0)) as guest:
        try:
            serve(guest, sys.argv[1])
        except OSError:
            return 1  # the guest or its peer went away: nobody to tell
    return 0


if __name__ == "__main__":
    sys.exit(main())
