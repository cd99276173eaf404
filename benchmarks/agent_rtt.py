"""Time of a call from the relay to an agent and back.

Over TCP on loopback, and over a unix socket with the framing of a serial
line; the floors are echoes of as many bytes between two processes over the
same kinds of socket. Microseconds.
"""

import argparse
import os
import socket
import statistics
import time
import uuid
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.relay_agents import HELLO, Identities
from benchmarks.relay_server import SPAWN, Server, server
from servicevm_agent import wire

#: Bytes of the floor's echo: about a ping with its TLS record.
_SIZE = 330


def _dial(address: tuple[str, int] | Path) -> socket.socket:
    if isinstance(address, Path):
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(str(address))
    else:
        sock = socket.create_connection(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _agent(server: Server, device_id: str, serial: bool) -> None:
    """Answer pings until the relay closes."""
    context = Identities(server).context(device_id)
    sock = _dial(server.serial if serial else server.address)
    link = wire.SerialLink(agent=True)
    link.start(os.urandom(16), 0.0)
    channel: wire.SecureChannel | None = None
    session = wire.Session({"ping": lambda params: None}, rate=1e9, burst=1e9)
    session.call("hello", dict(HELLO), now=0, timeout=1e9)
    if not serial:
        channel = wire.SecureChannel(context, server_side=False)
    with sock:
        while True:
            out = b""
            if channel is not None:
                channel.send(session.outgoing())
                out = channel.outgoing()
            if serial:
                link.send(out)
                out = link.outgoing()
            sock.sendall(out)
            data = sock.recv(65536)
            if not data:
                return
            for event in link.receive(data) if serial else [data]:
                if isinstance(event, wire.LinkUp):
                    channel = wire.SecureChannel(context, server_side=False)
                elif isinstance(event, bytes) and channel is not None:
                    said = channel.receive(event)
                    for message in session.receive(said, 0):
                        if isinstance(message, wire.Request):
                            session.reply(message.id, message.params)
            if channel is not None and channel.closed:
                return


def measure(relay: Server, times: int, *, serial: bool) -> list[float]:
    """Seconds of each of `times` calls."""
    device_id = str(uuid.uuid4())
    before = relay.ask("connected")
    pid = os.fork()
    if pid == 0:
        try:
            _agent(relay, device_id, serial)
        finally:
            os._exit(0)
    while relay.ask("connected") == before:
        time.sleep(0.01)
    relay.ask("calls", device_id, 50)
    spent: list[float] = relay.ask("calls", device_id, times)
    return spent


def _echo(family: int, address: object, pipe: Connection) -> None:
    with socket.socket(family) as listener:
        listener.bind(address)  # type: ignore[arg-type]
        listener.listen()
        pipe.send(listener.getsockname())
        sock, _ = listener.accept()
        with sock:
            if family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := sock.recv(65536):
                sock.sendall(data)


def floor(times: int, *, serial: bool, folder: Path) -> list[float]:
    """Seconds of each of `times` echoes."""
    address = str(folder / "echo.sock") if serial else ("127.0.0.1", 0)
    family = socket.AF_UNIX if serial else socket.AF_INET
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_echo, args=(family, address, theirs))
    process.start()
    bound = ours.recv()
    spent = []
    with _dial(Path(bound) if serial else bound) as sock:
        for _ in range(times):
            begun = time.perf_counter()
            sock.sendall(b"x" * _SIZE)
            left = _SIZE
            while left:
                left -= len(sock.recv(left))
            spent.append(time.perf_counter() - begun)
    process.join()
    return spent


def show(name: str, spent: list[float]) -> None:
    """Print the median and the 99th percentile."""
    cuts = statistics.quantiles(spent, n=100)
    print(f"{name}_p50 {cuts[49] * 1e6:.0f} us")
    print(f"{name}_p99 {cuts[98] * 1e6:.0f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    times = parser.parse_args().calls
    with server() as relay:
        for serial in (False, True):
            name = "agent_rtt_serial" if serial else "agent_rtt_tcp"
            show(name, measure(relay, times, serial=serial))
            show(
                f"{name}_floor",
                floor(times, serial=serial, folder=relay.serial.parent),
            )


if __name__ == "__main__":
    main()
