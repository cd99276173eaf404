"""A peer over a line that never ends, with a real TLS server behind it."""

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from servicevm_agent.peer import Peer, SessionLost
from servicevm_agent.streams import Stream, StreamLost
from servicevm_agent.wake import Wake
from servicevm_agent.wire import Event, Response, SecureChannel, Session
from tests.unit.agent.certificates import DEPLOYMENT, Authority


class Line(Stream):
    """Like a serial port: it is silent once the other side is gone."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        sock.setblocking(False)
        self._sock = sock

    def fileno(self) -> int:
        return self._sock.fileno()

    def receive(self) -> bytes:
        try:
            return self._sock.recv(65536)
        except BlockingIOError:
            return b""

    def flush(self) -> None:
        try:
            while self._unsent:
                self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except BlockingIOError:
            pass

    def close(self) -> None:
        self._sock.close()


def answer_and_leave(sock: socket.socket, channel: SecureChannel) -> None:
    """Answer one request, and say goodbye in the same breath."""
    session = Session({"hello": lambda params: None})
    while True:
        ready, _, _ = select.select([sock], [], [], 10)
        assert ready
        came = sock.recv(65536)
        if not came:
            return
        said = channel.receive(came)
        for request in session.receive(said, 0):
            session.reply(request.id, {"epoch": 1})
            channel.send(session.outgoing())
            channel.close()
            sock.sendall(channel.outgoing())
            return
        sock.sendall(channel.outgoing())


def serve(sock: socket.socket, channel: SecureChannel) -> None:
    """The same for one who may leave first: it did not like our name."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        answer_and_leave(sock, channel)


@contextlib.contextmanager
def connected(
    tmp_path: Path, *, group: str = "", names: Sequence[str] = ("relay/r1",)
) -> Iterator[Peer]:
    """A peer of a relay with these names in its certificate.

    :param group: that it wants
    """
    authority = Authority()
    near, far = socket.socketpair()
    context = authority.relay_context(
        tmp_path,
        ["svm/1"],
        uris=[f"spiffe://{DEPLOYMENT}/{name}" for name in names],
    )
    relay = threading.Thread(
        target=serve,
        args=(far, SecureChannel(context, server_side=True)),
    )
    relay.start()
    wake = Wake()
    try:
        made = Peer(
            Line(near),
            authority.device_context(tmp_path, "d1", "svm/1"),
            DEPLOYMENT,
            group,
            wake,
        )
        yield made
        made.close()
    finally:
        near.close()
        relay.join(10)
        far.close()
        os.close(wake._read)
        os.close(wake._write)


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    with connected(tmp_path) as made:
        yield made


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("", ["relay/r1"]),
        ("", ["relay/r1", "relay-group/blue"]),
        ("blue", ["relay/r1", "relay-group/blue"]),
        ("default", ["relay/r1", "relay-group/default"]),
        # Of a release that knew no groups.
        ("default", ["relay/r1"]),
    ],
)
def test_a_relay_of_the_own_group_is_believed(
    tmp_path: Path, group: str, names: list[str]
) -> None:
    with connected(tmp_path, group=group, names=names) as peer:
        assert peer.session is not None


@pytest.mark.parametrize(
    ("group", "names", "words"),
    [
        ("blue", ["relay/r1", "relay-group/red"], "is of .* red, not blue"),
        ("blue", ["relay/r1"], "is of the relay group default, not blue"),
        ("default", ["relay/r1", "relay-group/red"], "red, not default"),
        ("blue", ["relay/r1", "relay-group/red", "relay-group/blue"], "red"),
        ("blue", ["relay/r1", "relay-group/"], "not blue"),
        ("blue", ["relay-group/blue"], "no relay of this deployment"),
        ("", ["device/r1"], "no relay of this deployment"),
        ("", ["relay/r1", "relay/r2"], "no relay of this deployment"),
        ("", ["relay/r1/x"], "no relay of this deployment"),
    ],
)
def test_another_groups_relay_is_refused_though_the_ca_knows_it(
    tmp_path: Path, group: str, names: list[str], words: str
) -> None:
    with pytest.raises(SessionLost, match=words):
        with connected(tmp_path, group=group, names=names):
            pass


def test_an_answer_that_comes_with_the_goodbye_is_heard_and_so_is_that(
    peer: Peer,
) -> None:
    now = time.monotonic()
    asked = peer.session.call("hello", {}, now=now, timeout=60)
    events: list[Event] = []
    while not events:
        events = peer.exchange(now + 30)
    assert events == [Response(asked, {"epoch": 1})]
    with pytest.raises(SessionLost, match="goodbye"):
        peer.exchange(now + 30)
    assert time.monotonic() < now + 10


def test_what_a_relay_does_not_read_is_bounded() -> None:
    near, far = socket.socketpair()
    line = Line(near)
    with near, far:
        for _ in range(3):
            line.send(bytes(1 << 20))
        assert line.unsent
        with pytest.raises(StreamLost, match="does not read"):
            line.send(bytes(3 << 20))
