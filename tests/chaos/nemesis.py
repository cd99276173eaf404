"""Who breaks things, and mends them again.

Two hands work at once, so that faults fall together: one on our own
processes, one on the servers behind and the network between. Each goes
through all of its faults in an order that the seed decides, again and again.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from tests.chaos.link import Links
from tools.cluster.cluster import Backing, Cluster
from tools.cluster.member import ClusterError, Member

__all__ = ["Fault", "Nemesis"]

#: Seconds in which a process that was killed has to work again.
PATIENCE = 120.0


@dataclass(frozen=True)
class Fault:
    """One that was done: times are monotonic seconds."""

    kind: str
    target: str
    began: float
    ended: float


class Nemesis:
    """:param lease: of the conductors, in seconds: pauses are longer"""

    def __init__(
        self, cluster: Cluster, links: Links, seed: int, lease: float
    ) -> None:
        self._cluster = cluster
        self._links = links
        self._lease = lease
        self._seed = seed
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.faults: list[Fault] = []
        #: Processes that ended while they started, during another fault.
        self.restarts = 0
        self.rounds = {"processes": 0, "servers": 0}
        self.failure: BaseException | None = None
        self._hands = [
            threading.Thread(target=self._work, args=(name,), name=name)
            for name in self.rounds
        ]

    def start(self) -> None:
        for hand in self._hands:
            hand.start()

    def finish(self) -> None:
        """End the faults that are under way, begin no others."""
        self._stop.set()
        for hand in self._hands:
            hand.join()

    def _work(self, hand: str) -> None:
        rng = random.Random(f"{self._seed}/{hand}")  # noqa: S311
        try:
            while not self._stop.is_set():
                deck = self._deck(hand, rng)
                rng.shuffle(deck)
                for kind, target, work in deck:
                    if self._stop.wait(rng.uniform(0.5, 2.5)):
                        return
                    began = time.monotonic()
                    work()
                    with self._lock:
                        self.faults.append(
                            Fault(kind, target, began, time.monotonic())
                        )
                self.rounds[hand] += 1
        except BaseException as error:
            self.failure = error

    def _deck(
        self, hand: str, rng: random.Random
    ) -> list[tuple[str, str, Callable[[], None]]]:
        deck: list[tuple[str, str, Callable[[], None]]] = []
        if hand == "processes":
            for role in ("api", "conductor", "relay"):
                for kind, work in (
                    ("kill", self._kill),
                    ("pause", self._pause),
                ):
                    one = rng.choice(self._cluster.of(role))
                    down = rng.uniform(0.2, 2.0)
                    deck.append(
                        (f"{kind} {role}", one.name, partial(work, one, down))
                    )
            return deck
        servers: dict[str, Backing] = {
            "broker": self._cluster.broker,
            "database": self._cluster.database,
        }
        for name, server in servers.items():
            deck.append((f"restart {name}", name, server.restart))
            deck.append((f"kill {name}", name, partial(_again, server)))
            links = [one for one in self._links.names if one[1] == name]
            for kind in ("cut", "stall", "slow"):
                link = rng.choice(links)
                seconds = rng.uniform(1.0, self._lease * 1.5)
                deck.append(
                    (
                        f"{kind} {name}",
                        " to ".join(link),
                        partial(self._hinder, kind, link, seconds),
                    )
                )
        return deck

    def _kill(self, one: Member, down: float) -> None:
        one.kill()
        time.sleep(down)
        self._supervise(one)

    def _supervise(self, one: Member) -> None:
        """Start it as an init system would: again, should it end."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                one.start()
                return
            except ClusterError:
                if one.pid is not None or time.monotonic() > deadline:
                    raise
                with self._lock:
                    self.restarts += 1
                time.sleep(0.5)

    def _pause(self, one: Member, down: float) -> None:
        one.pause()
        try:
            time.sleep(self._lease * 1.5 + down)
        finally:
            one.resume()

    def _hinder(
        self, kind: str, link: tuple[str, str], seconds: float
    ) -> None:
        if kind == "slow":
            self._links.slow(link, 0.3)
        elif kind == "cut":
            self._links.cut(link)
        else:
            self._links.stall(link)
        try:
            time.sleep(seconds)
        finally:
            self._links.mend(link)


def _again(server: Backing) -> None:
    server.kill()
    server.start()
