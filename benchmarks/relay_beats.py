"""CPU of the relay's process per heartbeat, and its floor.

The whole path: socket, TLS, frame, JSON-RPC, rate limit, schema, gathering,
the report to the conductor. The floor is a bare asyncio server that gets
the same bytes in clear, into one buffer as the relay does, and does nothing
with them. Microseconds; both take turns.
"""

import argparse
import asyncio
import functools
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.relay_agents import BEAT, connect
from benchmarks.relay_server import (
    SPAWN,
    Server,
    cpu_seconds,
    open_files,
    server,
)
from servicevm.relay.limits import READ_BUFFER
from servicevm_agent import wire

#: Seconds between two bursts of the sender.
_TICK = 0.01
#: The time is cut into rounds: on a machine that others use as well, their
#: share shows as a spread between rounds.
_ROUNDS = 10


@dataclass
class Subject:
    """A process that is sent to, and what it spent in each round."""

    senders: Sequence[Callable[[], None]]
    cpu: Callable[[], float]
    #: microseconds of CPU per message
    spent: list[float] = field(default_factory=list)


async def _rounds(
    subjects: Sequence[Subject], per_second: int, seconds: float
) -> None:
    """Send to each in turn: what disturbs one disturbs the other."""
    for subject in subjects:
        await _pace(subject.senders, per_second, 0.5)
    for _ in range(_ROUNDS):
        for subject in subjects:
            before = subject.cpu()
            sent = await _pace(subject.senders, per_second, seconds / _ROUNDS)
            subject.spent.append((subject.cpu() - before) / sent * 1e6)


async def _pace(
    senders: Sequence[Callable[[], None]], per_second: int, seconds: float
) -> int:
    """Let them send in turn; return how often they did."""
    loop = asyncio.get_running_loop()
    begun, sent = loop.time(), 0
    turns = itertools.cycle(senders)
    while (passed := loop.time() - begun) < seconds:
        while sent < passed * per_second:
            next(turns)()
            sent += 1
        await asyncio.sleep(_TICK)
    return sent


def _sink(pipe: Connection) -> None:
    buffer = bytearray(READ_BUFFER)

    class Sink(asyncio.BufferedProtocol):
        def get_buffer(self, sizehint: int) -> bytearray:
            return buffer

        def buffer_updated(self, nbytes: int) -> None:
            pass

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(Sink, "127.0.0.1", 0)
        pipe.send(listener.sockets[0].getsockname())
        while True:
            # A thread waits, so that the loop does not turn for nothing.
            if await loop.run_in_executor(None, pipe.recv) == "stop":
                return
            pipe.send(cpu_seconds())

    asyncio.run(serve())


@contextmanager
def sink() -> Iterator[Any]:
    """Start a server that does nothing; give the pipe to it."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_sink, args=(theirs,))
    process.start()
    try:
        yield ours
    finally:
        ours.send("stop")
        process.join()


async def measure(
    relay: Server, pipe: Any, count: int, per_second: int, seconds: float
) -> tuple[list[float], list[float]]:
    """Microseconds of CPU per heartbeat, and per frame of the floor."""
    loop = asyncio.get_running_loop()
    agents = await connect(relay, count)
    frame = wire.encode(
        {"jsonrpc": "2.0", "method": "heartbeat", "params": BEAT}
    )
    address = pipe.recv()
    transports = [
        (await loop.create_connection(asyncio.Protocol, *address))[0]
        for _ in range(count)
    ]

    def cpu_of_floor() -> float:
        pipe.send("cpu")
        return float(pipe.recv())

    beats = Subject(
        [agent.beat for agent in agents], lambda: float(relay.ask("cpu"))
    )
    floor = Subject(
        [functools.partial(one.write, frame) for one in transports],
        cpu_of_floor,
    )
    await _rounds([beats, floor], per_second, seconds)
    assert relay.ask("connected") == count
    assert relay.ask("beats") > 0
    for agent in agents:
        agent.close()
    for transport in transports:
        transport.close()
    return beats.spent, floor.spent


def show(name: str, spent: Sequence[float]) -> None:
    """Print the median round and the least disturbed one."""
    print(f"{name} {statistics.median(spent):.1f} us")
    print(f"{name}_least {min(spent):.1f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--per-second", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    open_files(1 << 15)
    load = asked.sessions, asked.per_second, asked.seconds
    with server() as relay, sink() as pipe:
        beats, floor = asyncio.run(measure(relay, pipe, *load))
    show("relay_beats_cpu", beats)
    show("relay_beats_floor", floor)


if __name__ == "__main__":
    main()
