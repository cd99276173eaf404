import threading
import time
from pathlib import Path

import pytest

from servicevm.drivers import world
from servicevm.drivers.world import World
from servicevm.errors import TransientError

ID = "6f3c9a52-0000-4000-8000-000000000001"


def test_what_is_written_is_read_by_another(tmp_path: Path) -> None:
    World(tmp_path / "w").write(ID, {"a": 1})
    assert World(tmp_path / "w").read(ID) == {"a": 1}
    assert World(tmp_path / "w").ids() == {ID}


def test_nothing_is_left_of_what_is_removed(tmp_path: Path) -> None:
    made = World(tmp_path / "w")
    made.write(ID, {})
    # Of a writer who was killed in the middle.
    (tmp_path / "w" / f"{ID}.new").write_text("{")
    made.remove(ID)
    assert made.read(ID) is None
    assert list((tmp_path / "w").iterdir()) == []


def test_two_who_hold_a_device_take_turns(tmp_path: Path) -> None:
    def count() -> None:
        mine = World(tmp_path / "w")
        for _ in range(50):
            with mine.held(ID):
                found = mine.read(ID) or {"count": 0}
                mine.write(ID, {"count": found["count"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert World(tmp_path / "w").read(ID) == {"count": 200}


def test_nobody_waits_for_ever_for_who_stands_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "PATIENCE", 0.05)
    made = World(tmp_path / "w")
    began = time.monotonic()
    with made.held(ID), pytest.raises(TransientError), made.held(ID):
        pass
    assert time.monotonic() - began < 2


def test_the_journal_outlives_the_device(tmp_path: Path) -> None:
    made = World(tmp_path / "w")
    made.write(ID, {})
    made.note(ID, {"call": "create"})
    made.remove(ID)
    made.note(ID, {"call": "delete"})
    lines = (tmp_path / "w" / "journal" / f"{ID}.jsonl").read_text()
    assert lines.count("\n") == 2
    assert made.ids() == set()
