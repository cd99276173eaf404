"""The same with real threads and a real clock."""

import threading
from collections.abc import Iterator

import pytest
from oslo_db.exception import DBConnectionError

from servicevm import clock
from servicevm.conductor import runner
from servicevm.conductor.service import Conductor
from servicevm.db import api as db
from servicevm.db import claims, leases, models

from .lab import CONFIG, Lab

REAL_CLOCK = clock.now_us


@pytest.fixture
def live(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """The lab with the wall clock."""
    monkeypatch.setattr(clock, "now_us", REAL_CLOCK)
    lab.now = REAL_CLOCK()
    return lab


class Finished:
    """Waits until operations have ended, on the conductor's own points."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._step = threading.Condition()

    def hook(self, point: str) -> None:
        if point.endswith("written"):
            with self._step:
                self._step.notify_all()

    def wait(self, *operation_ids: str) -> list[str]:
        with self._step:
            assert self._step.wait_for(
                lambda: all(
                    self._lab.operation(one).finished_at
                    for one in operation_ids
                ),
                timeout=30,
            )
        return [self._lab.operation(one).state for one in operation_ids]


@pytest.fixture
def finished(live: Lab) -> Finished:
    return Finished(live)


@pytest.fixture
def running(live: Lab, finished: Finished) -> Iterator[Conductor]:
    conductor = live.conductor(finished.hook)
    conductor.start()
    yield conductor
    conductor.stop(10)
    assert not [
        thread.name
        for thread in threading.enumerate()
        if thread.name.startswith(("claim", "lease", "upkeep"))
    ]


def test_many_devices_come_up_and_go(
    live: Lab, running: Conductor, finished: Finished
) -> None:
    asked = []
    for _ in range(6):
        device_id, operation = live.device()
        _, other = live.service(device_id)
        asked += [operation, other]
    running.wake()
    assert finished.wait(*asked) == ["SUCCEEDED"] * 12
    asked = [live.delete_device(row.id) for row in live.all(models.Device)]
    running.wake()
    assert finished.wait(*asked) == ["SUCCEEDED"] * 6
    assert live.cloud.machines == {}


def test_without_a_hint_it_looks_by_itself(
    live: Lab, finished: Finished
) -> None:
    live.conf.set_override("poll_interval", 0.1, "conductor")
    conductor = live.conductor(finished.hook)
    conductor.start()
    try:
        _, operation = live.device()
        assert finished.wait(operation) == ["SUCCEEDED"]
    finally:
        conductor.stop(10)


def test_a_sweep_that_takes_long_does_not_keep_it_claiming(
    live: Lab,
) -> None:
    live.device()
    live.settle(live.conductor())
    began, go_on = threading.Event(), threading.Event()

    def hold(point: str) -> None:
        if threading.current_thread().name == "upkeep":
            began.set()
            assert go_on.wait(30)

    conductor = live.conductor(hold)
    conductor.start()
    assert began.wait(30)
    stopper = threading.Thread(target=conductor.stop, args=(30,))
    stopper.start()
    try:
        assert conductor._runner._stop.wait(5)
    finally:
        go_on.set()
        stopper.join()


@pytest.mark.parametrize("error", [DBConnectionError, ValueError])
def test_a_claim_whose_answer_was_lost_does_not_wait_for_its_lease(
    live: Lab,
    finished: Finished,
    error: type[Exception],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner, "PAUSE", 0.1)
    live.conf.set_override("lease", 600, "conductor")
    lost: list[str] = []

    def lose(point: str) -> None:
        if point == "claimed" and not lost:
            lost.append(point)
            raise error
        finished.hook(point)

    conductor = live.conductor(lose)
    conductor.start()
    try:
        _, operation = live.device()
        conductor.wake()
        assert finished.wait(operation) == ["SUCCEEDED"]
    finally:
        conductor.stop(10)
    assert lost


def test_stop_puts_down_between_steps_and_the_next_goes_on(
    live: Lab,
) -> None:
    began, go_on = threading.Event(), threading.Event()

    def hold(point: str) -> None:
        if point == "boot: begin":
            began.set()
            assert go_on.wait(30)

    first = live.conductor(hold)
    first.start()
    _, operation = live.device()
    first.wake()
    assert began.wait(30)
    stopper = threading.Thread(target=first.stop, args=(30,))
    stopper.start()
    while not first._runner.stopping:
        pass
    go_on.set()
    stopper.join()
    put_down = live.operation(operation)
    assert (put_down.state, put_down.step) == ("WAITING", "wait_running")
    finished = Finished(live)
    second = live.conductor(finished.hook)
    second.start()
    try:
        assert finished.wait(operation) == ["SUCCEEDED"]
    finally:
        second.stop(10)


def test_the_operations_of_a_killed_process_need_no_waiting(
    live: Lab,
) -> None:
    _, operation = live.device()
    with db.writer() as session:
        host, boot, _, _ = leases.new_owner().split("/")
        # The largest pid there can be, and nobody has.
        dead = f"{host}/{boot}/4194304/x"
        now = db.now(session)
        found = claims.candidates(session, now, 1)
        lease = 3600 * clock.SECOND
        assert claims.claim_all(session, found, dead, lease)
    finished = Finished(live)
    conductor = live.conductor(finished.hook)
    conductor.start()
    try:
        assert finished.wait(operation) == ["SUCCEEDED"]
    finally:
        conductor.stop(10)


def test_a_lease_is_kept_while_a_step_takes_long(live: Lab) -> None:
    # Long enough for a machine on which others work.
    live.conf.set_override("lease", 2.0, group="conductor")
    began, go_on = threading.Event(), threading.Event()

    def hold(point: str) -> None:
        if point == "boot: begin":
            began.set()
            assert go_on.wait(30)

    finished = Finished(live)
    conductor = live.conductor(
        lambda point: (hold(point), finished.hook(point))[1]
    )
    conductor.start()
    try:
        _, operation = live.device()
        conductor.wake()
        assert began.wait(30)
        claimed = live.operation(operation).lease_until
        renewed = threading.Event()
        for _ in range(300):
            if live.operation(operation).lease_until > claimed + 2_000_000:
                renewed.set()
                break
            renewed.wait(0.05)
        assert renewed.is_set()
        assert live.operation(operation).fence == 1
        go_on.set()
        assert finished.wait(operation) == ["SUCCEEDED"]
        assert live.operation(operation).fence == 1
    finally:
        go_on.set()
        conductor.stop(10)


def test_a_machine_that_dies_is_told_at_once(
    live: Lab, running: Conductor, finished: Finished
) -> None:
    from servicevm.drivers.infra.base import DeviceState

    device_id, operation = live.device()
    running.wake()
    finished.wait(operation)
    live.cloud.machines[device_id]["state"] = DeviceState.STOPPED
    told = threading.Event()
    running._died(device_id)
    for _ in range(200):
        if live.get(models.Device, device_id).operating_status == "DEAD":
            told.set()
            break
        told.wait(0.02)
    assert told.is_set()
    device = live.get(models.Device, device_id)
    assert device.status_code == "device_died"
    (event,) = live.events(type="device.operating_status")
    assert event.severity == "WARNING"


def test_where_they_are_soon_done_some_wait_for_a_worker(
    live: Lab, finished: Finished
) -> None:
    live.conf.set_override("workers", 1, "conductor")
    asked = [live.device()[1] for _ in range(3)]
    claimed = threading.Semaphore(0)

    def watch(point: str) -> None:
        if point == "claimed":
            claimed.release()
        elif point == "boot: begin" and not began.is_set():
            began.set()
            # None of them would come as long as the only worker is here.
            waited.extend(claimed.acquire(timeout=30) for _ in asked)
        finished.hook(point)

    began = threading.Event()
    waited: list[bool] = []
    conductor = live.conductor(watch)
    conductor._runner._pace.took(0.0)
    conductor.start()
    try:
        assert finished.wait(*asked) == ["SUCCEEDED"] * 3
    finally:
        conductor.stop(10)
    assert waited == [True] * 3


def test_one_at_a_time_per_device(live: Lab, finished: Finished) -> None:
    inside: dict[str, int] = {}
    lock = threading.Lock()
    device_id, _ = live.device()
    overlaps: list[str] = []

    def watch(point: str) -> None:
        with lock:
            if point.endswith("begin"):
                inside[device_id] = inside.get(device_id, 0) + 1
                if inside[device_id] > 1:
                    overlaps.append(point)
            elif point.endswith(": end"):
                inside[device_id] -= 1
        finished.hook(point)

    conductor = live.conductor(watch)
    conductor.start()
    try:
        services = [live.service(device_id) for _ in range(4)]
        updates = [live.update(one, CONFIG) for one, _ in services]
        conductor.wake()
        finished.wait(*updates)
    finally:
        conductor.stop(10)
    assert overlaps == []
    assert len(live.cloud.ports[device_id]) == 4
