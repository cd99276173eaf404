import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicevm.drivers import world
from servicevm.drivers.world import World
from servicevm.errors import TransientError

ID = "6f3c9a52-0000-4000-8000-000000000001"


def keep(where: World, content: dict | None) -> None:
    where.change(ID, lambda found: content)


def add(where: World, key: str) -> None:
    where.change(ID, lambda found: {**(found or {}), key: 1})


class Overtaken(World):
    """Others come between its look and its change.

    :param between: what they do, the first time only
    """

    def __init__(self, folder: Path, between) -> None:
        super().__init__(folder)
        self._between = [between]

    def _link(self, handle: int, new: str, name: str) -> None:
        if self._between:
            self._between.pop()()
        super()._link(handle, new, name)


def test_what_is_kept_is_read_by_another(tmp_path: Path) -> None:
    keep(World(tmp_path / "w"), {"a": 1})
    assert World(tmp_path / "w").read(ID) == {"a": 1}
    assert World(tmp_path / "w").ids() == {ID}


def test_nothing_is_left_of_what_is_removed(tmp_path: Path) -> None:
    made = World(tmp_path / "w")
    keep(made, {})
    # Of a writer who was killed in the middle.
    (tmp_path / "w" / ID / "new-1").write_text("{")
    keep(made, None)
    assert made.read(ID) is None
    assert list((tmp_path / "w").iterdir()) == []


@pytest.mark.parametrize("names", [[], ["new-1"], ["3.json", "new-1"]])
def test_leftovers_of_the_killed_are_known_and_can_be_removed(
    tmp_path: Path, names
) -> None:
    folder = tmp_path / ID
    folder.mkdir()
    for name in names:
        (folder / name).write_text("null")
    made = World(tmp_path)
    assert made.read(ID) is None
    assert made.ids() == {ID}
    keep(made, None)
    assert made.ids() == set()


def test_a_temporary_file_of_the_killed_goes_with_the_next_change(
    tmp_path: Path,
) -> None:
    made = World(tmp_path)
    add(made, "a")
    (tmp_path / ID / "new-1").write_text("{")
    add(made, "b")
    assert not list((tmp_path / ID).glob("new-*"))


def test_no_more_records_are_kept_than_are_needed(tmp_path: Path) -> None:
    made = World(tmp_path)
    for number in range(3 * world.KEPT):
        keep(made, {"number": number})
    assert len(list((tmp_path / ID).iterdir())) == world.KEPT + 1


def test_what_does_not_change_is_not_written(tmp_path: Path) -> None:
    made = World(tmp_path)
    keep(made, {"a": 1.5})
    made.change(ID, lambda found: found)
    assert len(list((tmp_path / ID).iterdir())) == 1


def test_changes_at_the_same_time_are_not_lost(tmp_path: Path) -> None:
    def change(name: str) -> None:
        mine = World(tmp_path / "w")
        for number in range(25):
            add(mine, f"{name}{number}")

    threads = [
        threading.Thread(target=change, args=(name,)) for name in "abcd"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(World(tmp_path / "w").read(ID) or {}) == 100


def test_devices_come_and_go_at_the_same_time(tmp_path: Path) -> None:
    def come_and_go() -> None:
        mine = World(tmp_path / "w")
        for number in range(50):
            add(mine, str(number))
            mine.failed(ID, "reboot", 3)
            mine.forget_failures(ID)
            keep(mine, None)

    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(come_and_go) for _ in range(4)]:
            done.result(30)
    assert World(tmp_path / "w").ids() == set()


@given(
    before=st.integers(0, 3),
    others=st.lists(
        st.sampled_from(["add", "remove", "many"]), min_size=1, max_size=4
    ),
)
def test_who_comes_late_sees_what_others_did(
    tmp_path_factory: pytest.TempPathFactory, before, others
) -> None:
    folder = tmp_path_factory.mktemp("world")
    other = World(folder)
    for number in range(before):
        add(other, f"before{number}")
    expected: set[str] = set(other.read(ID) or {})

    def between() -> None:
        for number, what in enumerate(others):
            if what == "remove":
                keep(other, None)
                expected.clear()
                continue
            for more in range(1 if what == "add" else world.KEPT + 2):
                add(other, f"between{number}-{more}")
                expected.add(f"between{number}-{more}")

    add(Overtaken(folder, between), "late")
    assert set(other.read(ID) or {}) == {*expected, "late"}


def test_who_comes_late_removes_nothing_that_was_made_anew(
    tmp_path: Path,
) -> None:
    other = World(tmp_path)
    keep(other, {"fence": 1})

    def between() -> None:
        keep(other, None)
        keep(other, {"fence": 2})

    seen = []

    def decide(found):
        seen.append(found)
        return None if found["fence"] == 1 else found

    Overtaken(tmp_path, between).change(ID, decide)
    assert seen == [{"fence": 1}, {"fence": 2}]
    assert other.read(ID) == {"fence": 2}


def test_a_change_that_never_comes_first_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world, "TRIES", 3)
    other = World(tmp_path)
    asked = []

    def decide(found):
        asked.append(found)
        keep(other, {"other": len(asked)})
        return {"mine": 1}

    with pytest.raises(TransientError, match="all the time"):
        World(tmp_path).change(ID, decide)
    assert len(asked) == 3
    assert other.read(ID) == {"other": 3}


def test_failures_are_counted_once_each(tmp_path: Path) -> None:
    counts: list[int | None] = []

    def fail() -> None:
        mine = World(tmp_path)
        counts.extend(mine.failed(ID, "create", 20) for _ in range(10))

    threads = [threading.Thread(target=fail) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    made = [count for count in counts if count is not None]
    assert sorted(made) == list(range(1, 21))
    World(tmp_path).forget_failures(ID)
    assert World(tmp_path).failed(ID, "create", 20) == 1


def test_an_id_cannot_leave_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not an id"):
        World(tmp_path).read("../" + "a" * 33)


def test_the_journal_outlives_the_device(tmp_path: Path) -> None:
    made = World(tmp_path / "w")
    keep(made, {})
    made.note(ID, {"call": "create"})
    keep(made, None)
    made.note(ID, {"call": "delete"})
    lines = (tmp_path / "w" / "journal" / f"{ID}.jsonl").read_text()
    assert lines.count("\n") == 2
    assert made.ids() == set()
