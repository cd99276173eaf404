import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading

import pytest

from servicevm.drivers.infra import egress


def request(address: str, port: int, command: int = 1) -> bytes:
    return (
        struct.pack(">BBH", 4, command, port)
        + socket.inet_aton(address)
        + b"user\0"
    )


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        yield listener


@pytest.fixture
def allow(tmp_path, server):
    path = tmp_path / "egress.json"
    path.write_text(json.dumps({"allow": [list(server.getsockname())]}))
    return path


@pytest.fixture
def guest(allow):
    """The guest's end of a connection that the real program serves."""
    near, far = socket.socketpair()
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-E", egress.__file__, str(allow)],
        stdin=far,
        stdout=far,
    ) as process:
        far.close()
        near.settimeout(10)
        with near:
            yield near
        assert process.wait(10) in (0, 1)


def test_an_allowed_pair_is_connected_both_ways(guest, server) -> None:
    guest.sendall(request(*server.getsockname()) + b"early")
    peer, _ = server.accept()
    with peer:
        peer.settimeout(10)
        assert guest.recv(8)[1] == egress.GRANTED
        assert peer.recv(100) == b"early"
        peer.sendall(b"answer")
        assert guest.recv(100) == b"answer"
        guest.shutdown(socket.SHUT_WR)
        assert peer.recv(100) == b""
        peer.sendall(b"late")
        assert guest.recv(100) == b"late"


def test_a_guest_that_is_gone_does_not_leave_a_process_behind(
    guest, server
) -> None:
    guest.sendall(request(*server.getsockname()))
    peer, _ = server.accept()
    with peer:
        assert guest.recv(8)[1] == egress.GRANTED
        guest.sendall(b"last words")
        guest.close()
        # The peer neither answers nor closes.
        peer.settimeout(10)
        assert peer.recv(100) == b"last words"
        assert peer.recv(100) == b""
        # that the process ends is what the fixture waits for


def test_a_device_has_so_many_places_and_no_more(allow, server, guest) -> None:
    places = os.open(f"{allow}.places", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(places, fcntl.LOCK_EX, egress.MOST)
        guest.sendall(request(*server.getsockname()))
        assert guest.recv(8)[1] == egress.REFUSED
    finally:
        os.close(places)


def test_the_last_place_can_be_taken(allow, server, guest) -> None:
    places = os.open(f"{allow}.places", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.lockf(places, fcntl.LOCK_EX, egress.MOST - 1)
        guest.sendall(request(*server.getsockname()))
        assert guest.recv(8)[1] == egress.GRANTED
    finally:
        os.close(places)


def test_a_slow_reader_gets_everything(guest, server) -> None:
    data = bytes(range(256)) * 8192
    guest.sendall(request(*server.getsockname()))
    peer, _ = server.accept()
    with peer:
        assert guest.recv(8)[1] == egress.GRANTED
        sender = threading.Thread(target=lambda: peer.sendall(data))
        sender.start()
        got = b""
        while len(got) < len(data):
            got += guest.recv(1000 if len(got) < 100_000 else 65536)
        sender.join(10)
    assert got == data


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a, p: request(a, p ^ 1), id="another port"),
        pytest.param(
            lambda a, p: request("127.0.0.2", p), id="another address"
        ),
        pytest.param(lambda a, p: request(a, p, 2), id="bind"),
        pytest.param(lambda a, p: b"\5\1\0", id="SOCKS5"),
        pytest.param(
            lambda a, p: request(a, p)[:8] + b"x" * 300, id="endless user id"
        ),
    ],
)
def test_anything_else_is_refused(guest, server, change) -> None:
    guest.sendall(change(*server.getsockname()))
    assert guest.recv(8) == egress.reply(egress.REFUSED)


@pytest.mark.parametrize(
    "text", [None, "", "[]", '{"allow": [1]}', '{"allow": [["a"]]}']
)
def test_a_file_that_cannot_be_read_allows_nothing(tmp_path, text) -> None:
    path = tmp_path / "egress.json"
    if text is not None:
        path.write_text(text)
    assert egress.allowed(str(path)) == set()


@pytest.mark.parametrize("cut", range(9))
def test_a_request_is_parsed_at_its_end_and_not_before(cut: int) -> None:
    whole = request("192.0.2.1", 80)
    assert egress.parse(whole[:cut]) is None
    assert egress.parse(whole) == ("192.0.2.1", 80)
