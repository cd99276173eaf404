import threading
import time

import pytest

from servicevm.drivers.infra.nova.looks import Looks
from servicevm.drivers.infra.nova.states import Seen
from servicevm.errors import CLOUD_UNAVAILABLE, TransientError

DEVICE, OTHER = "device", "other"


def server(name: str, device: str = DEVICE, created: str = "1") -> Seen:
    return Seen(name, device, "ACTIVE", created=created)


class Nova:
    """Answers lists; the clock moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self.servers: list[Seen] = []
        self.lists: list[float] = []
        self.takes = 0.0
        self.error: TransientError | None = None

    def clock(self) -> float:
        return self.now

    def __call__(self) -> list[Seen]:
        self.lists.append(self.now)
        self.now += self.takes
        if self.error is not None:
            raise self.error
        return list(self.servers)


@pytest.fixture
def nova():
    return Nova()


@pytest.fixture
def looks(nova):
    return Looks(nova, 1.0, nova.clock)


def test_many_looks_are_one_list(nova, looks) -> None:
    nova.servers = [server("a"), server("b", OTHER)]
    for _ in range(200):
        assert [one.id for one in looks.look(DEVICE).servers] == ["a"]
        assert [one.id for one in looks.look(OTHER).servers] == ["b"]
        assert looks.look("absent").servers == ()
    assert nova.lists == [100.0]


def test_a_list_is_old_after_the_interval(nova, looks) -> None:
    looks.look(DEVICE)
    nova.now += 0.9
    assert looks.look(DEVICE).look_in == pytest.approx(0.1)
    nova.servers = [server("a")]
    nova.now += 0.2
    assert looks.look(DEVICE).servers
    assert len(nova.lists) == 2


def test_what_was_listed_before_a_change_is_not_fresh(nova, looks) -> None:
    nova.servers = [server("a")]
    looks.look(DEVICE)
    nova.now += 0.25
    looks.touched(DEVICE)
    found = looks.look(DEVICE)
    assert not found.fresh
    assert found.look_in == pytest.approx(0.75)
    assert [one.id for one in found.servers] == ["a"]
    assert looks.look(OTHER).fresh
    nova.now += 0.75
    assert looks.look(DEVICE).fresh
    assert nova.lists == [100.0, 101.0]


def test_a_list_under_way_at_the_change_does_not_count(nova, looks) -> None:
    def change_meanwhile() -> list[Seen]:
        nova.lists.append(nova.now)
        nova.now += 0.1
        looks.touched(DEVICE)
        return []

    looks = Looks(change_meanwhile, 1.0, nova.clock)
    assert not looks.look(DEVICE).fresh
    assert looks.look(OTHER).fresh


def test_lists_that_take_long_are_rarer(nova, looks) -> None:
    nova.takes = 3.0
    looks.look(DEVICE)
    nova.now += 2.9
    assert looks.look(DEVICE).fresh
    assert len(nova.lists) == 1
    nova.now += 0.2
    looks.look(DEVICE)
    assert len(nova.lists) == 2


def test_conductors_share_the_interval(nova, looks) -> None:
    looks.look(DEVICE)
    looks.share(3)
    nova.now += 2.9
    assert looks.look(DEVICE).look_in == pytest.approx(0.1)
    assert nova.lists == [100.0]
    nova.now += 0.1
    looks.look(DEVICE)
    assert nova.lists == [100.0, 103.0]
    # One that goes leaves its part to the others, after the next list.
    looks.share(1)
    nova.now += 3.0
    looks.look(DEVICE)
    nova.now += 1.0
    looks.look(DEVICE)
    assert nova.lists == [100.0, 103.0, 106.0, 107.0]


def test_a_list_that_fails_is_not_asked_for_again_at_once(nova, looks) -> None:
    nova.error = TransientError(CLOUD_UNAVAILABLE, "no")
    for _ in range(3):
        with pytest.raises(TransientError):
            looks.look(DEVICE)
    assert len(nova.lists) == 1
    nova.error = None
    nova.now += 1
    assert looks.look(DEVICE).fresh


def test_of_several_servers_the_oldest_is_first(nova, looks) -> None:
    nova.servers = [
        server("c", created="2"),
        server("b", created="1"),
        server("a", created="1"),
    ]
    found = looks.look(DEVICE).servers
    assert [one.id for one in found] == ["a", "b", "c"]


def test_threads_share_a_list_that_is_under_way() -> None:
    begun, go_on = threading.Event(), threading.Event()
    lists = []

    def ask() -> list[Seen]:
        lists.append(time.monotonic())
        begun.set()
        assert go_on.wait(10)
        return [server("a")]

    looks = Looks(ask, 60.0)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(looks.look(DEVICE)))
        for _ in range(8)
    ]
    threads[0].start()
    assert begun.wait(10)
    for thread in threads[1:]:
        thread.start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert all(one.fresh and one.servers for one in found)
    assert len(lists) == 1


def test_who_has_to_be_sure_waits_for_the_next_list() -> None:
    lists = []

    def ask() -> list[Seen]:
        lists.append(time.monotonic())
        return [server("a")] if len(lists) > 1 else []

    looks = Looks(ask, 0.1)
    assert looks.sure(DEVICE) == ()
    looks.touched(DEVICE)
    assert [one.id for one in looks.sure(DEVICE)] == ["a"]
    assert lists[1] - lists[0] >= 0.1
    looks.touched(OTHER)
    assert looks.devices() == {DEVICE}
    assert len(lists) == 3


def test_who_waits_for_a_list_that_breaks_asks_himself() -> None:
    looks = Looks(lambda: 1 // 0, 0.1)  # type: ignore[arg-type,return-value]
    with pytest.raises(ZeroDivisionError):
        looks.look(DEVICE)
    time.sleep(0.1)
    with pytest.raises(ZeroDivisionError):
        looks.look(DEVICE)
