"""CPU of the relay's process per heartbeat, and its floor.

The whole path: socket, TLS, frame, JSON-RPC, rate limit, schema, gathering,
the report to the conductor. The floor is a bare asyncio server that gets
the same bytes in clear and does nothing with them. Microseconds.
"""

import argparse
import asyncio
import itertools
import statistics
from collections.abc import Callable, Sequence
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
from servicevm_agent import wire

#: Seconds between two bursts of the sender.
_TICK = 0.01


#: The time is cut into rounds: on a machine that others use as well, their
#: share shows as a spread between rounds.
_ROUNDS = 10


async def _rounds(
    senders: Sequence[Callable[[], None]],
    per_second: int,
    seconds: float,
    cpu: Callable[[], float],
) -> list[float]:
    """Microseconds of CPU per message, in each round."""
    await _pace(senders, per_second, 0.5)
    spent = []
    for _ in range(_ROUNDS):
        before = cpu()
        sent = await _pace(senders, per_second, seconds / _ROUNDS)
        spent.append((cpu() - before) / sent * 1e6)
    return spent


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


async def measure(
    relay: Server, count: int, per_second: int, seconds: float
) -> list[float]:
    """Microseconds of CPU per heartbeat, in each round."""
    agents = await connect(relay, count)
    spent = await _rounds(
        [agent.beat for agent in agents],
        per_second,
        seconds,
        lambda: float(relay.ask("cpu")),
    )
    assert relay.ask("connected") == count
    assert relay.ask("beats") > 0
    for agent in agents:
        agent.close()
    return spent


def _sink(pipe: Connection) -> None:
    class Sink(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
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


async def _floor(
    pipe: Any, count: int, per_second: int, seconds: float
) -> list[float]:
    loop = asyncio.get_running_loop()
    frame = wire.encode(
        {"jsonrpc": "2.0", "method": "heartbeat", "params": BEAT}
    )
    address = pipe.recv()
    transports = [
        (await loop.create_connection(asyncio.Protocol, *address))[0]
        for _ in range(count)
    ]

    def sender(transport: asyncio.Transport) -> Callable[[], None]:
        return lambda: transport.write(frame)

    def cpu() -> float:
        pipe.send("cpu")
        return float(pipe.recv())

    senders = [sender(transport) for transport in transports]
    spent = await _rounds(senders, per_second, seconds, cpu)
    pipe.send("stop")
    for transport in transports:
        transport.close()
    return spent


def floor(count: int, per_second: int, seconds: float) -> list[float]:
    """Microseconds of CPU per frame of a server that does nothing."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_sink, args=(theirs,))
    process.start()
    spent = asyncio.run(_floor(ours, count, per_second, seconds))
    process.join()
    return spent


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
    with server() as relay:
        show("relay_beats_cpu", asyncio.run(measure(relay, *load)))
    show("relay_beats_floor", floor(*load))


if __name__ == "__main__":
    main()
