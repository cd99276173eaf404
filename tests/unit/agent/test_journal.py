"""What is not forgotten over a power cut."""

from pathlib import Path

import pytest

from servicevm_agent.journal import Entry, Journal, valid_id


def test_entries_come_back(tmp_path: Path) -> None:
    entry = Entry("s-1", "loadbalancer", 3, "sha256:x", {"a": [1]})
    Journal(str(tmp_path)).save(entry)
    assert Journal(str(tmp_path)).entries == {"s-1": entry}


def test_removal_is_remembered(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.save(Entry("s-1", "loadbalancer", 3))
    journal.remove("s-1", 4)
    later = Journal(str(tmp_path))
    assert later.entries == {}
    assert later.removed_generation("s-1") == 4
    assert later.removed_generation("s-2") == -1


def test_the_memory_of_removals_is_bounded(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    for number in range(260):
        journal.remove(f"s-{number}", 1)
    assert journal.removed_generation("s-0") == -1
    assert journal.removed_generation("s-259") == 1


def test_the_fence_only_rises(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    assert journal.raise_fence(5)
    assert not Journal(str(tmp_path)).raise_fence(4)
    assert Journal(str(tmp_path)).raise_fence(5)


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"other": 1}'])
def test_a_damaged_entry_is_set_aside(tmp_path: Path, damage: str) -> None:
    journal = Journal(str(tmp_path))
    journal.save(Entry("s-1", "loadbalancer", 3))
    journal.save(Entry("s-2", "loadbalancer", 3))
    (tmp_path / "service-s-1.json").write_text(damage)
    later = Journal(str(tmp_path))
    assert list(later.entries) == ["s-2"]
    assert len(later.damaged) == 1
    assert (tmp_path / "service-s-1.json.damaged").exists()


@pytest.mark.parametrize("bad", ["", "../x", "a/b", "a\0", "x" * 65, "a.b"])
def test_an_id_is_no_path(bad: str) -> None:
    assert not valid_id(bad)
