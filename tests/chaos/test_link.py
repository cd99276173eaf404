"""What a link may do to what goes through it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.link import Links

LINK = ("conductor1", "database")


@pytest.fixture
def echo() -> Iterator[int]:
    """Port of a server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        # Being cut off is part of it.
        with client, contextlib.suppress(ConnectionError):
            while data := client.recv(4096):
                client.sendall(data)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,)).start()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.fixture
def links() -> Iterator[Links]:
    made = Links()
    yield made
    made.close()


@pytest.fixture
def client(links: Links, echo: int) -> Iterator[socket.socket]:
    port = links.through(*LINK, echo)
    assert links.through(*LINK, echo) == port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as made:
        yield made


def ask(client: socket.socket) -> bytes:
    client.sendall(b"hello")
    return client.recv(5)


def test_it_changes_nothing_unless_told_to(client: socket.socket) -> None:
    assert ask(client) == b"hello"


def test_cut_ends_what_is_open(links: Links, client: socket.socket) -> None:
    assert ask(client) == b"hello"
    links.cut(LINK)
    with pytest.raises(ConnectionResetError):
        client.recv(5)
    links.mend(LINK)


def test_stalled_bytes_arrive_when_it_is_mended(
    links: Links, client: socket.socket
) -> None:
    links.stall(LINK)
    client.sendall(b"hello")
    client.settimeout(0.3)
    with pytest.raises(TimeoutError):
        client.recv(5)
    links.mend(LINK)
    client.settimeout(5)
    assert client.recv(5) == b"hello"


def test_slow_is_slow(links: Links, client: socket.socket) -> None:
    links.slow(LINK, 0.1)
    began = time.monotonic()
    assert ask(client) == b"hello"
    assert time.monotonic() - began >= 0.2


def test_what_a_person_does_goes_straight(links: Links) -> None:
    assert links.through("manage", "database", 1234) == 1234
