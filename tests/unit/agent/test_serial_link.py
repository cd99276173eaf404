"""Finding the beginning of a session in a stream without end."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from servicevm_agent.wire import (
    MARKER_SIZE,
    LinkEvent,
    LinkReset,
    LinkUp,
    SerialLink,
)

NONCE = b"n" * 16
SYN = b"\x00svm-ch1" + NONCE
RESET = b"\x00svm-ch1" + bytes(16)


def feed(link: SerialLink, data: bytes, cuts: list[int]) -> list[LinkEvent]:
    """Feed `data` cut at the given places."""
    events: list[LinkEvent] = []
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    for start, end in itertools.pairwise(places):
        events += link.receive(data[start:end])
    return events


def payload(events: list[LinkEvent]) -> bytes:
    return b"".join(e for e in events if isinstance(e, bytes))


def ups(events: list[LinkEvent]) -> int:
    return sum(isinstance(e, LinkUp) for e in events)


def up_pair() -> tuple[SerialLink, SerialLink]:
    agent, relay = SerialLink(agent=True), SerialLink(agent=False)
    agent.start(NONCE, 0)
    relay.receive(agent.outgoing())
    agent.receive(relay.outgoing())
    assert agent.up
    assert relay.up
    return agent, relay


CUTS = st.lists(st.integers(0, 200), max_size=8)
NOISE = st.binary(max_size=60).filter(lambda b: SYN[:8] not in b)
# What TLS sends: never a marker, and not a zero byte first.
TLS = NOISE.map(lambda b: b"\x16" + b)


def test_a_marker_is_24_bytes() -> None:
    assert MARKER_SIZE == len(SYN) == 24


@given(NOISE, TLS, CUTS)
@example(b"\x00svm-ch", b"\x16\x00svm-ch", [6])
def test_the_relay_drops_all_before_the_marker_and_echoes_it(
    noise: bytes, data: bytes, cuts: list[int]
) -> None:
    relay = SerialLink(agent=False)
    assert relay.outgoing() == RESET
    events = feed(relay, noise + SYN + data, cuts)
    assert ups(events) == 1
    assert payload(events) == data
    assert relay.outgoing() == SYN


@given(NOISE, TLS, CUTS)
def test_the_agent_drops_all_before_its_own_nonce(
    noise: bytes, data: bytes, cuts: list[int]
) -> None:
    agent = SerialLink(agent=True)
    agent.start(NONCE, 0)
    stale = b"\x00svm-ch1" + b"o" * 16
    events = feed(agent, stale + noise + SYN + data, cuts)
    assert ups(events) == 1
    assert payload(events) == data


@given(TLS, TLS, CUTS)
def test_an_agent_that_begins_again_is_noticed_in_mid_record(
    old: bytes, new: bytes, cuts: list[int]
) -> None:
    _, relay = up_pair()
    again = b"\x00svm-ch1" + b"m" * 16
    relay.receive(old)
    events = feed(relay, old + again + new, cuts)
    assert ups(events) == 1
    at = next(i for i, e in enumerate(events) if isinstance(e, LinkUp))
    assert payload(events[at:]) == new
    # Of the marker itself at most an incomplete prefix leaked before it.
    assert (old + again[:7]).startswith(payload(events[:at]))
    assert relay.outgoing() == again


@given(TLS, CUTS)
def test_a_new_relay_makes_the_agent_begin_again(
    old: bytes, cuts: list[int]
) -> None:
    agent, _ = up_pair()
    agent.receive(old)
    events = feed(agent, old + RESET + b"dropped", cuts)
    assert isinstance(events[-1], LinkReset)
    assert not agent.up
    agent.start(b"p" * 16, 9)
    assert agent.outgoing() == b"\x00svm-ch1" + b"p" * 16


@given(st.lists(TLS, max_size=6), CUTS)
def test_payload_passes_unchanged_and_undelayed(
    pieces: list[bytes], cuts: list[int]
) -> None:
    agent, relay = up_pair()
    sent = b""
    for piece in pieces:
        agent.send(piece)
        sent += piece
        assert payload(feed(relay, agent.outgoing(), cuts)) == piece


@given(CUTS)
def test_repeated_markers_are_echoed_and_begin_nothing_new(
    cuts: list[int],
) -> None:
    agent, relay = SerialLink(agent=True), SerialLink(agent=False)
    agent.start(NONCE, 0)
    agent.tick(0.25)
    agent.tick(10)
    stream = agent.outgoing()
    assert stream == SYN * 3
    assert ups(feed(relay, stream, cuts)) == 1
    answer = relay.outgoing()
    assert answer == SYN * 3
    events = feed(agent, answer + b"\x16hello", cuts)
    assert ups(events) == 1
    assert payload(events) == b"\x16hello"
    assert ups(feed(relay, b"\x16hi", cuts)) == 0


def test_the_agent_repeats_itself_ever_more_slowly_until_echoed() -> None:
    agent = SerialLink(agent=True)
    assert agent.next_tick() is None
    agent.start(NONCE, 100)
    times = []
    for _ in range(6):
        due = agent.next_tick()
        assert due is not None
        agent.tick(due - 0.01)
        agent.outgoing()
        agent.tick(due)
        assert agent.outgoing() == SYN
        times.append(due)
    assert times == [100.25, 100.75, 101.75, 103.75, 105.75, 107.75]
    agent.receive(SYN)
    assert agent.next_tick() is None


def test_a_relay_that_comes_late_is_greeted_at_once() -> None:
    agent = SerialLink(agent=True)
    agent.start(NONCE, 0)
    agent.outgoing()
    assert agent.receive(RESET) == []
    assert agent.outgoing() == SYN


def test_the_relay_takes_no_zero_nonce_for_an_agent() -> None:
    relay = SerialLink(agent=False)
    assert relay.receive(RESET) == []
    assert not relay.up


@pytest.mark.parametrize("nonce", [b"", b"n" * 15, bytes(16)], ids=repr)
def test_a_useless_nonce_is_refused(nonce: bytes) -> None:
    with pytest.raises(ValueError, match="nonce"):
        SerialLink(agent=True).start(nonce, 0)
