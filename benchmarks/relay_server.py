"""A relay in a process of its own, for the benchmarks of the relay.

Driven over a pipe: each command is a word, each answer one object.
"""

import functools
import gc
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm import pki
from servicevm.errors import ENROLMENT_REFUSED, PermanentError
from servicevm.relay.service import Relay
from servicevm.rpc.base import Json

SPAWN = multiprocessing.get_context("spawn")
#: Seconds until a benchmark gives up on its server.
PATIENCE = 300


class Conductor:
    """Says yes to everything and counts the heartbeats it is told of."""

    def __init__(self, authority: pki.Authority) -> None:
        self.beats = 0
        self._authority = authority
        self._epoch = 0
        self._expected = ""

    def expect(self, device_id: str) -> None:
        """Whoever enrols is this device."""
        self._expected = device_id

    def enrol(
        self, token: str, csr: str, peer: str, relay: str | None = None
    ) -> Json:
        if not self._expected:
            raise PermanentError(ENROLMENT_REFUSED, "All are enrolled.")
        leaf = self._authority.sign(csr, self._expected)
        return {
            "device_id": self._expected,
            "certificate": leaf.certificate,
            "ca_bundle": self._authority.ca_bundle,
        }

    def renew(
        self, device_id: str, serial: str, csr: str, relay: str | None = None
    ) -> Json:
        raise PermanentError(ENROLMENT_REFUSED, "Nobody stays that long.")

    def session_opened(
        self, device_id: str, serial: str, relay: str, hello: Json
    ) -> Json:
        self._epoch += 1
        bundle = self._authority.ca_bundle
        return {"epoch": self._epoch, "ca_bundle": bundle}

    def session_closed(self, device_id: str, epoch: int, reason: str) -> None:
        pass

    def heartbeats(self, relay: str, beats: Sequence[Json]) -> Sequence[Json]:
        self.beats += len(beats)
        return []

    def counters(self, relay: str, tallies: Sequence[Json]) -> None:
        pass

    def relay_report(self, report: Json) -> Json:
        return {"draining": False}

    def result(self, device_id: str, epoch: int, result: Json) -> None:
        pass

    def event(self, device_id: str, epoch: int, event: Json) -> None:
        pass


def configuration(folder: Path) -> cfg.ConfigOpts:
    """A relay on any TCP port and a unix socket below `folder`."""
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(folder))
    for name, value in {
        "bind_port": 0,
        "max_unauthenticated_per_peer": 256,
        "dead_after": 600.0,
    }.items():
        conf.set_override(name, value, group="relay")
    return conf


def rss_kib() -> float:
    """Resident memory of this process, in KiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1024


def cpu_seconds() -> float:
    """CPU that this process has used, user and system."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def open_files(most: int) -> None:
    """Let this process open `most` files."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, hard), hard))


def _time_calls(
    relay: Relay, device_id: str, times: int, pause: float = 0.0
) -> list[float]:
    """Seconds of each of `times` pings.

    :param pause: seconds before each: a real agent limits the rate
    """
    spent = []
    load = {"data": "x" * 200}
    for _ in range(times):
        time.sleep(pause)
        begun = time.perf_counter()
        relay.call(device_id, "ping", load, 30)
        spent.append(time.perf_counter() - begun)
    return spent


def _serve(folder: str, pipe: Connection) -> None:
    open_files(1 << 15)
    conf = configuration(Path(folder))
    conductor = Conductor(pki.authority(conf))
    relay = Relay(conf, conductor, pki.relay_certificate(conf))
    relay.start()
    answers: dict[str, Callable[..., Any]] = {
        "address": lambda: relay.tcp_address,
        "rss": rss_kib,
        "cpu": cpu_seconds,
        "beats": lambda: conductor.beats,
        "expect": conductor.expect,
        "connected": relay.connected,
        "calls": functools.partial(_time_calls, relay),
    }
    while True:
        word, *arguments = pipe.recv()
        if word == "stop":
            break
        pipe.send(answers[word](*arguments))
    relay.stop()


class Server:
    """The other process, as seen from here."""

    def __init__(self, folder: Path, pipe: Connection) -> None:
        self._pipe = pipe
        self.conf = configuration(folder)
        self.authority = pki.authority(self.conf)
        self.address: tuple[str, int] = self.ask("address")
        self.serial = Path(self.conf.relay.serial_socket)

    def ask(self, *question: Any) -> Any:
        self._pipe.send(question)
        if not self._pipe.poll(PATIENCE):
            raise TimeoutError(f"no answer to {question[0]}")
        return self._pipe.recv()


@contextmanager
def server() -> Iterator[Server]:
    """Start a relay; stop it and remove its files afterwards."""
    with tempfile.TemporaryDirectory(prefix="servicevm-bench-") as name:
        pki.ensure(configuration(Path(name)))
        ours, theirs = SPAWN.Pipe()
        process = SPAWN.Process(target=_serve, args=(name, theirs))
        process.start()
        try:
            yield Server(Path(name), ours)
            ours.send(["stop"])
            process.join(30)
        finally:
            if process.is_alive():
                process.kill()
                process.join()
