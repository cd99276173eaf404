"""The service host: what it tells, and a state disk that is full."""

import os
import queue
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from servicevm_agent.journal import Journal
from servicevm_agent.layout import Layout
from servicevm_agent.service import (
    DEAD,
    DEGRADED,
    OFFLINE,
    ONLINE,
    UNKNOWN,
    ConfigRefused,
    Environment,
    Service,
    Status,
)
from servicevm_agent.service_host import Refusal, ServiceHost, digest_of
from servicevm_agent.wire import encode

S1, S2 = "s1", "s2"


class Box(Service):
    """Remembers what it serves; shared by name. It can be made to die."""

    def __init__(self, serving: dict[str, Any], service_id: str) -> None:
        self._serving = serving
        self._id = service_id

    def apply(self, config: Mapping[str, Any], *, trusted: bool) -> None:
        self._serving[self._id] = dict(config)

    def remove(self) -> None:
        self._serving.pop(self._id, None)

    def observe(self) -> Status:
        served = self._serving.get(self._id)
        if served is None:
            return Status(DEAD, "it does not run")
        status = served.get("status", ONLINE)
        return Status(status, "", served.get("members", []))

    def counters(self) -> dict[str, int]:
        return {}

    def act(self, action: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise ValueError(action)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 KiB."""
    if os.geteuid():
        pytest.skip("needs root")
    folder = tmp_path / "state"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "small", str(folder)]
    subprocess.run(mount, check=True, timeout=10)
    yield folder
    subprocess.run(["umount", str(folder)], check=True, timeout=10)


@pytest.fixture
def serving() -> dict[str, Any]:
    return {}


def make_host(folder: Path, serving: dict[str, Any]) -> ServiceHost:
    return ServiceHost(
        Journal(str(folder)),
        Environment(Layout()),
        {"t": lambda service_id, environment: Box(serving, service_id)},
        lambda: None,
    )


@pytest.fixture
def roomy(tmp_path: Path, serving: dict[str, Any]) -> ServiceHost:
    return make_host(tmp_path, serving)


@pytest.fixture
def host(small_disk: Path, serving: dict[str, Any]) -> ServiceHost:
    return make_host(small_disk, serving)


def apply(
    host: ServiceHost, service_id: str, generation: int, size: int
) -> dict[str, Any]:
    """Apply a configuration of `size` bytes; return the report."""
    config = {"text": str(generation) * size}
    host.apply(
        {
            "service_id": service_id,
            "service_type": "t",
            "generation": generation,
            "digest": digest_of(config),
            "config": config,
        }
    )
    host._changes.get_nowait()()
    return host.reports()[service_id]


def refuse(*args: object, **more: object) -> None:
    raise ConfigRefused("it does not start")


def test_an_answer_about_the_status_does_not_take_the_news_away(
    roomy: ServiceHost,
) -> None:
    apply(roomy, S1, 1, 10)
    assert roomy.reports()
    assert set(roomy.changed_reports()) == {S1}
    assert not roomy.news
    apply(roomy, S1, 2, 10)
    assert roomy.reports(told=True)
    assert not roomy.news


def test_the_news_of_many_members_come_in_frames_that_can_be_sent(
    roomy: ServiceHost, serving: dict[str, Any]
) -> None:
    member = {"name": "n" * 63, "pool": "p" * 63, "operating_status": "ONLINE"}
    for number in range(5):
        service_id = f"s{number}"
        apply(roomy, service_id, 1, 10)
        serving[service_id]["members"] = [member] * 4096
    roomy._look()
    roomy.reports(told=True)
    roomy.tell_again()
    told: list[str] = []
    while roomy.news:
        reports = roomy.changed_reports()
        encode({"services": reports})
        assert all(len(one["members"]) == 4096 for one in reports.values())
        told += reports
    assert sorted(told) == [f"s{number}" for number in range(5)]


@pytest.mark.parametrize("status", [ONLINE, DEGRADED])
def test_what_serves_is_not_done_again(
    roomy: ServiceHost, serving: dict[str, Any], status: str
) -> None:
    apply(roomy, S1, 1, 10)
    serving[S1]["status"] = status
    roomy._look()
    with pytest.raises(queue.Empty):
        apply(roomy, S1, 1, 10)


@pytest.mark.parametrize("status", [DEAD, OFFLINE, UNKNOWN])
def test_what_does_not_serve_is_done_again_when_it_is_handed_over_again(
    roomy: ServiceHost, serving: dict[str, Any], status: str
) -> None:
    apply(roomy, S1, 1, 10)
    serving[S1]["status"] = status
    roomy._look()
    assert roomy.reports()[S1]["operating_status"] == status
    report = apply(roomy, S1, 1, 10)
    assert (report["operating_status"], report["generation"]) == ("ONLINE", 1)


def test_what_cannot_be_restored_is_dead_and_is_done_again(
    tmp_path: Path, roomy: ServiceHost, serving: dict[str, Any]
) -> None:
    apply(roomy, S1, 1, 10)
    serving.clear()
    booted = make_host(tmp_path, serving)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Box, "apply", refuse)
        booted.restore()
    booted._look()
    assert booted.reports()[S1]["operating_status"] == "DEAD"
    assert apply(booted, S1, 1, 10)["operating_status"] == "ONLINE"


def test_what_served_before_is_never_refused_when_it_is_done_again(
    roomy: ServiceHost, serving: dict[str, Any], monkeypatch: Any
) -> None:
    apply(roomy, S1, 1, 10)
    serving.clear()
    roomy._look()
    monkeypatch.setattr(Box, "apply", refuse)
    report = apply(roomy, S1, 1, 10)
    assert (report["generation"], report["failed_generation"]) == (1, None)
    assert report["operating_status"] == "DEAD"
    (result,) = roomy.results()
    assert (result["ok"], result["operating_status"]) == (True, "DEAD")


def test_a_restart_serves_again_what_served(
    roomy: ServiceHost, serving: dict[str, Any]
) -> None:
    apply(roomy, S1, 1, 10)
    serving.clear()
    roomy.restart("key", S1)
    roomy._changes.get_nowait()()
    assert roomy.answers() == [("key", {"restarted": True}, "")]
    assert serving[S1] == {"text": "1" * 10}
    assert roomy.reports()[S1]["operating_status"] == "ONLINE"


def test_a_restart_that_fails_says_why(
    roomy: ServiceHost, monkeypatch: Any
) -> None:
    apply(roomy, S1, 1, 10)
    monkeypatch.setattr(Box, "apply", refuse)
    roomy.restart("key", S1)
    roomy._changes.get_nowait()()
    assert roomy.answers() == [("key", None, "it does not start")]
    assert roomy.reports()[S1]["operating_status"] == "DEAD"


def test_a_restart_is_done_once_for_an_operation_that_asks_twice(
    roomy: ServiceHost, serving: dict[str, Any]
) -> None:
    apply(roomy, S1, 1, 10)
    roomy.restart("first", S1, "o1")
    roomy.restart("second", S1, "o1")
    roomy._changes.get_nowait()()
    assert roomy._changes.empty()
    done = {"restarted": True}
    assert roomy.answers() == [("first", done, ""), ("second", done, "")]
    serving.clear()
    roomy.restart("third", S1, "o1")
    assert roomy._changes.empty()
    assert roomy.answers() == [("third", done, "")]


def test_each_operation_has_its_own_restart(roomy: ServiceHost) -> None:
    apply(roomy, S1, 1, 10)
    apply(roomy, S2, 1, 10)
    for number, (service_id, operation_id) in enumerate(
        [(S1, "o1"), (S1, "o2"), (S2, "o1"), (S1, ""), (S1, "")]
    ):
        roomy.restart(number, service_id, operation_id)
        roomy._changes.get_nowait()()
    assert [key for key, _, _ in roomy.answers()] == [0, 1, 2, 3, 4]


def test_a_restart_that_failed_may_be_tried_again(
    roomy: ServiceHost,
) -> None:
    apply(roomy, S1, 1, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Box, "apply", refuse)
        roomy.restart("first", S1, "o1")
        roomy._changes.get_nowait()()
    roomy.restart("second", S1, "o1")
    roomy._changes.get_nowait()()
    assert roomy.answers() == [
        ("first", None, "it does not start"),
        ("second", {"restarted": True}, ""),
    ]


def test_what_the_image_no_longer_has_is_dead_and_not_restarted(
    tmp_path: Path, roomy: ServiceHost
) -> None:
    apply(roomy, S1, 1, 10)
    booted = ServiceHost(
        Journal(str(tmp_path)), Environment(Layout()), {}, lambda: None
    )
    booted.restore()
    booted._look()
    assert booted.reports()[S1]["operating_status"] == "DEAD"
    assert booted.reports()[S1]["detail"] == "the device has no service type t"
    with pytest.raises(Refusal) as caught:
        booted.restart("key", S1, "o1")
    assert caught.value.reason == "unknown_service_type"
    assert booted._changes.empty()


def test_what_is_not_there_is_not_restarted(roomy: ServiceHost) -> None:
    with pytest.raises(Refusal, match="no such service"):
        roomy.restart("key", S1)


@pytest.mark.root
def test_what_cannot_be_kept_is_refused_and_the_last_good_serves(
    host: ServiceHost, serving: dict[str, Any], small_disk: Path
) -> None:
    assert apply(host, S1, 1, 1000)["generation"] == 1
    report = apply(host, S1, 2, 100_000)
    assert (report["generation"], report["failed_generation"]) == (1, 2)
    assert "No space left" in report["detail"]
    assert serving[S1]["text"][0] == "1"
    (result,) = host.results()
    assert (result["ok"], result["generation"]) == (False, 2)
    host.acknowledge(result)
    assert host.results() == []

    # A first one leaves nothing behind.
    assert apply(host, S2, 1, 100_000)["generation"] == 0
    assert S2 not in serving

    # The journal still holds what serves.
    assert Journal(str(small_disk)).entries[S1].generation == 1
    assert apply(host, S1, 3, 2000)["generation"] == 3


@pytest.mark.root
def test_a_full_disk_does_not_keep_a_service_from_being_removed(
    host: ServiceHost, serving: dict[str, Any], small_disk: Path
) -> None:
    apply(host, S1, 1, 1000)
    filler = small_disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(bytes(100_000))
    host.remove("key", S1, 2)
    host._changes.get_nowait()()
    assert host.answers() == [("key", {"removed": True}, "")]
    assert serving == {}
    after = Journal(str(small_disk))
    assert after.entries == {}
    assert after.removed_generation(S1) == 2
