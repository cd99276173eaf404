"""One run: a cluster, its users, its nemesis, and the judgement."""

import collections
import contextlib
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from keystoneauth1 import session

from servicevmclient.v1.client import Client as Sdk
from tests.chaos.audit import Audit
from tests.chaos.client import Client, Traffic
from tests.chaos.history import History, judge
from tests.chaos.link import Links
from tests.chaos.nemesis import Nemesis
from tests.chaos.workload import Ledger, Worker
from tools.cluster.cluster import Cluster

__all__ = ["Plan", "Report", "run"]

#: Seconds after the last fault in which everything has to come to rest.
QUIET = 60.0
#: Seconds of the conductors' lease: pauses are longer than it.
LEASE = 3.0
LOOK = 0.2

OPTIONS: dict[str, dict[str, Any]] = {
    "conductor": {
        "lease": LEASE,
        "poll_interval": 0.5,
        "reconcile_interval": 2,
        # A step that is tried again and again is not at fault here.
        "max_attempts": 20,
    },
    "quota": dict.fromkeys(("devices", "services", "slots"), -1),
}

_TEMPLATE: dict[str, Any] = {
    "infra_driver": "noop",
    "mgmt_driver": "noop",
    "interfaces": [{"role": "ingress", "network": "any"}],
    "service_types": ["loadbalancer"],
    "slots": 4,
}
_TEMPLATES: list[dict[str, Any]] = [
    {
        "name": "calm",
        "infra_options": {
            "create_seconds": 0.5,
            "delete_seconds": 0.3,
            "record_calls": True,
        },
        "mgmt_options": {"ready_seconds": 0.3, "apply_seconds": 0.2},
    },
    {
        # Its infrastructure and its agent are not what they should be.
        "name": "flaky",
        "infra_options": {
            "create_seconds": 0.2,
            "record_calls": True,
            "fail": {
                verb: {"times": 1, "code": "unavailable"}
                for verb in ("create", "observe", "reboot", "delete")
            },
        },
        "mgmt_options": {
            "apply_seconds": 0.5,
            "failures": {"apply": 1, "remove": 1},
        },
    },
]


@dataclass(frozen=True)
class Plan:
    """:param ops: changes that are to be accepted at the least
    :param pace: changes that each worker asks for per second
    """

    ops: int
    seed: int
    database: str
    workers: int = 8
    pace: float = 0.8


@dataclass
class Report:
    """What there is to print; empty `wrong` is what it is about."""

    plan: Plan
    wrong: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def text(self) -> str:
        head = (
            f"seed {self.plan.seed}, {self.plan.database}, "
            f"{self.plan.workers} clients"
        )
        tail = [f"WRONG: {one}" for one in self.wrong] or [
            "0 lost, 0 orphans, 0 doubles, 0 writes by who was fenced out"
        ]
        return "\n".join([head, *self.lines, *tail])


def run(plan: Plan, say: Callable[[str], None]) -> Report:
    """Do it all, in a folder of its own that is deleted if all is well."""
    report = Report(plan)
    folder = Path(tempfile.mkdtemp(prefix="svm-chaos-", dir="/tmp"))
    links = Links()
    cluster = Cluster(
        folder,
        database=plan.database,
        options=OPTIONS,
        through=links.through,
    )
    try:
        with cluster_up(cluster, say):
            _storm(plan, cluster, links, report, say)
    finally:
        links.close()
        if report.lines and not report.wrong:
            cluster.remove()
        else:
            say(f"what is left to look at is in {folder}")
    return report


@contextlib.contextmanager
def cluster_up(cluster: Cluster, say: Callable[[str], None]) -> Iterator[None]:
    cluster.start(say)
    try:
        yield
    finally:
        cluster.stop()


def _storm(
    plan: Plan,
    cluster: Cluster,
    links: Links,
    report: Report,
    say: Callable[[str], None],
) -> None:
    # Around the links, for who judges.
    engine = sa.create_engine(cluster.connection, poolclass=sa.NullPool)
    history = History(engine)
    history.install()
    ledger, traffic = Ledger(), Traffic()
    workers = _workers(plan, cluster, ledger, traffic)
    nemesis = Nemesis(cluster, links, plan.seed, LEASE)
    stop = threading.Event()
    threads = [
        threading.Thread(target=one.run, args=(stop, plan.pace), name=one.name)
        for one in workers
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    nemesis.start()
    try:
        said = began
        while not _enough(plan, ledger, nemesis):
            if not all(thread.is_alive() for thread in threads):
                break
            time.sleep(LOOK)
            if time.monotonic() > said + 10:
                said = time.monotonic()
                say(
                    f"{said - began:4.0f} s: {ledger.count()} accepted, "
                    f"{len(nemesis.faults)} faults"
                )
    finally:
        stop.set()
        # Clients go on with what they have begun, and are helped by that.
        nemesis.finish()
        for thread in threads:
            thread.join()
    if nemesis.failure is not None:
        report.wrong.append(f"A fault could not be mended: {nemesis.failure}")
    last_fault = max([one.ended for one in nemesis.faults], default=began)
    audit = Audit(engine, cluster.state_dir, ledger)
    wanted = [
        device for worker in workers for device in worker.devices.values()
    ]
    quiet = _await_quiet(audit, last_fault)
    took = time.monotonic() - last_fault
    report.wrong += audit.failures() if not quiet else []
    report.wrong += _settled_wrong(audit, wanted, last_fault)
    found, counts = judge(list(history.changes()))
    report.wrong += found
    report.wrong += traffic.errors
    _describe(report, ledger, traffic, nemesis, audit, counts, took, began)
    engine.dispose()
    for worker in workers:
        worker.close()


def _workers(
    plan: Plan, cluster: Cluster, ledger: Ledger, traffic: Traffic
) -> list[Worker]:
    """Half of them in each of two projects."""
    admin = Sdk(session.Session(auth=cluster.keystone.admin.plugin()))
    templates = [
        admin.create_device_template(**_TEMPLATE, **one).id
        for one in _TEMPLATES
    ]
    tokens = [
        cluster.keystone.login(user).token()
        for user in ("red-member", "blue-member")
    ]
    made = []
    for number in range(plan.workers):
        name = f"worker{number + 1}"
        rng = random.Random(f"{plan.seed}/{name}")  # noqa: S311

        def connect(
            token: str = tokens[number % 2], rng: random.Random = rng
        ) -> Client:
            return Client(cluster.endpoint, token, traffic, rng)

        made.append(Worker(name, rng, connect, templates, ledger))
    return made


def _enough(plan: Plan, ledger: Ledger, nemesis: Nemesis) -> bool:
    """As many changes as asked for, and every fault at least once."""
    return nemesis.failure is not None or (
        ledger.count() >= plan.ops and min(nemesis.rounds.values()) >= 1
    )


def _await_quiet(audit: Audit, last_fault: float) -> bool:
    while audit.unfinished():
        if time.monotonic() > last_fault + QUIET:
            return False
        time.sleep(LOOK)
    return True


def _settled_wrong(
    audit: Audit, wanted: list[Any], last_fault: float
) -> list[str]:
    """What is wrong when nothing changes any more, or time is over."""
    while wrong := audit.wrong(wanted):
        if time.monotonic() > last_fault + QUIET:
            return wrong
        time.sleep(LOOK)
    return []


def _describe(
    report: Report,
    ledger: Ledger,
    traffic: Traffic,
    nemesis: Nemesis,
    audit: Audit,
    counts: dict[str, int],
    took: float,
    began: float,
) -> None:
    def listed(found: dict[str, int] | dict[int, int]) -> str:
        return ", ".join(f"{n} {kind}" for kind, n in sorted(found.items()))

    kinds = collections.Counter(one.kind for one in ledger.accepted)
    faults = collections.Counter(one.kind for one in nemesis.faults)
    calls = [call for one in audit.journal().values() for call in one]
    report.lines += [
        f"accepted: {ledger.count()} ({listed(kinds)})",
        f"ended: {listed(audit.endings())}",
        f"refused: {listed(ledger.refused) or 'none'}",
        f"faults: {len(nemesis.faults)} ({listed(faults)}); "
        f"{nemesis.restarts} starts that failed meanwhile",
        f"calls: {traffic.calls} answers, {traffic.retries} tries again, "
        f"{ledger.replayed} replays; answers {listed(traffic.statuses)}",
        f"operations' writes: {listed(counts)}",
        f"drivers' calls: {len(calls)}, of which "
        f"{sum(call['refused'] for call in calls)} refused as overtaken",
        f"longest outage: {traffic.longest_outage:.1f} s; quiet "
        f"{took:.1f} s after the last fault; "
        f"{time.monotonic() - began:.0f} s in all",
    ]
