"""TLS over memory buffers, with real OpenSSL on both sides."""

import ssl
from pathlib import Path

import pytest

from servicevm_agent.wire import MAX_FRAME, SecureChannel, WireError
from tests.unit.agent.certificates import Authority

Pair = tuple[SecureChannel, SecureChannel]


def pump(client: SecureChannel, server: SecureChannel) -> tuple[bytes, bytes]:
    """Carry bytes to and fro until both are silent."""
    to_client, to_server = b"", b""
    while True:
        up, down = client.outgoing(), server.outgoing()
        if not up and not down:
            return to_client, to_server
        to_server += server.receive(up)
        to_client += client.receive(down + server.outgoing())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def pair(authority: Authority, tmp_path: Path) -> Pair:
    client = authority.device_context(tmp_path, "d1", "svm/1")
    server = authority.relay_context(tmp_path, ["svm/1", "svm-enrol/1"])
    return (
        SecureChannel(client, server_side=False),
        SecureChannel(server, server_side=True),
    )


def test_both_sides_know_each_other_after_the_handshake(pair: Pair) -> None:
    client, server = pair
    assert not client.ready
    assert not server.ready
    pump(client, server)
    assert client.ready
    assert server.ready
    assert client.alpn() == server.alpn() == "svm/1"
    theirs = server.peer_certificate_der()
    assert theirs is not None
    assert b"spiffe://test/device/d1" in theirs
    ours = client.peer_certificate_der()
    assert ours is not None
    assert b"spiffe://test/relay/r1" in ours


def test_what_is_said_before_the_handshake_arrives_after_it(
    pair: Pair,
) -> None:
    client, server = pair
    client.send(b"early")
    server.send(b"too")
    assert pump(client, server) == (b"too", b"early")


def test_large_data_arrives_whole_a_byte_at_a_time(pair: Pair) -> None:
    client, server = pair
    pump(client, server)
    data = bytes(range(256)) * 200
    client.send(data)
    received = b""
    for byte in client.outgoing():
        received += server.receive(bytes([byte]))
    assert received == data


def test_goodbye_is_seen_and_nothing_is_said_after_it(pair: Pair) -> None:
    client, server = pair
    pump(client, server)
    client.close()
    client.close()
    server.receive(client.outgoing())
    assert server.closed
    with pytest.raises(WireError) as caught:
        client.send(b"more")
    assert caught.value.reason == "closed"


def test_records_that_come_at_once_are_all_taken_and_the_goodbye(
    pair: Pair,
) -> None:
    client, server = pair
    pump(client, server)
    for piece in (b"one", b"x" * 40_000, b"three"):
        client.send(piece)
    client.close()
    at_once = client.outgoing()
    # All but the end of the goodbye, as a read may cut it.
    assert server.receive(at_once[:-1]) == b"one" + b"x" * 40_000 + b"three"
    assert not server.closed
    assert server.receive(at_once[-1:]) == b""
    assert server.closed


def test_garbage_fails(pair: Pair) -> None:
    _, server = pair
    with pytest.raises(ssl.SSLError):
        server.receive(b"GET / HTTP/1.1\r\n\r\n")


def test_an_unknown_authority_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    stranger = Authority("stranger")
    client = SecureChannel(
        authority.device_context(tmp_path, "d1", "svm/1"), server_side=False
    )
    server = SecureChannel(
        stranger.relay_context(tmp_path, ["svm/1"]), server_side=True
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        pump(client, server)
    assert not client.ready


def test_the_queue_before_the_handshake_is_bounded(pair: Pair) -> None:
    client, _ = pair
    client.send(bytes(MAX_FRAME))
    with pytest.raises(WireError) as caught:
        client.send(b"x")
    assert caught.value.reason == "frame_too_large"
