"""Memory of the relay's process per idle session.

Prints ``relay_sessions_rss`` and its floor, what OpenSSL alone takes for a
TLS connection over memory BIOs, in KiB.
"""

import argparse
import asyncio
import ssl
import tempfile
from pathlib import Path

from benchmarks.relay_agents import Identities, connect
from benchmarks.relay_server import (
    SPAWN,
    Server,
    configuration,
    open_files,
    rss_kib,
    server,
)
from servicevm import pki
from servicevm_agent import wire


async def measure(relay: Server, count: int) -> float:
    """KiB per session at `count` sessions."""
    for agent in await connect(relay, 20):  # what is loaded only once
        agent.close()
    while relay.ask("connected"):
        await asyncio.sleep(0.01)
    before = relay.ask("rss")
    agents = await connect(relay, count)
    assert relay.ask("connected") == count
    after = relay.ask("rss")
    for agent in agents:
        agent.close()
    return float(after - before) / count


def _handshake(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> wire.SecureChannel:
    ours = wire.SecureChannel(server_context, server_side=True)
    theirs = wire.SecureChannel(client_context, server_side=False)
    while not (ours.ready and theirs.ready):
        ours.receive(theirs.outgoing())
        theirs.receive(ours.outgoing())
    return ours


def _floor(folder: str, count: int, pipe: object) -> None:
    conf = configuration(Path(folder))
    context = pki.relay_context(conf)

    class Here:
        authority = pki.authority(conf)

    client = Identities(Here).context(  # type: ignore[arg-type]
        "00000000-0000-4000-8000-000000000000"
    )
    kept = [_handshake(context, client) for _ in range(20)]
    before = rss_kib()
    kept += [_handshake(context, client) for _ in range(count)]
    pipe.send((rss_kib() - before) / count)  # type: ignore[attr-defined]


def floor(count: int) -> float:
    """KiB per TLS connection without a socket or a session."""
    with tempfile.TemporaryDirectory(prefix="servicevm-bench-") as name:
        pki.ensure(configuration(Path(name)))
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_floor, args=(name, count, theirs))
        process.start()
        kib: float = ours.recv()
        process.join()
        return kib


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000)
    count = parser.parse_args().sessions
    open_files(1 << 15)
    with server() as relay:
        kib = asyncio.run(measure(relay, count))
    print(f"relay_sessions_rss {kib:.1f} KiB")
    print(f"relay_sessions_floor {floor(count):.1f} KiB")


if __name__ == "__main__":
    main()
