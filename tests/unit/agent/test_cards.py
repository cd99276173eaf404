"""Which cards the device has."""

import json
from pathlib import Path

from servicevm_agent.bootstrap import Bootstrap, Interface
from servicevm_agent.cards import Cards
from servicevm_agent.layout import Layout

FIRST = Interface("ingress", "52:54:00:00:00:01", None, 0, None, None)
ITEM = {"role": "egress", "mac": "52:54:00:00:00:02"}


def told(*interfaces: Interface, generation: int = 1) -> Bootstrap:
    return Bootstrap(
        "d", "local", "t", "PEM", "port", (), "", interfaces, generation
    )


def made(folder: Path, bootstrap: Bootstrap) -> Cards:
    return Cards(Layout(state=str(folder), netns=None), bootstrap)


def macs(cards: Cards) -> list[str]:
    return [one.mac for one in cards._interfaces]


def test_at_the_first_boot_they_are_those_of_the_document(
    tmp_path: Path,
) -> None:
    assert macs(made(tmp_path, told(FIRST))) == [FIRST.mac]


def test_what_is_told_later_outlives_a_reboot(tmp_path: Path) -> None:
    made(tmp_path, told(FIRST)).change(2, [ITEM])
    assert macs(made(tmp_path, told(FIRST))) == [ITEM["mac"]]


def test_a_newer_document_wins(tmp_path: Path) -> None:
    made(tmp_path, told(FIRST)).change(2, [ITEM])
    again = made(tmp_path, told(FIRST, generation=3))
    assert macs(again) == [FIRST.mac]


def test_what_is_older_changes_nothing(tmp_path: Path) -> None:
    cards = made(tmp_path, told(FIRST, generation=5))
    cards.change(4, [ITEM])
    assert macs(cards) == [FIRST.mac]
    assert not (tmp_path / "interfaces.json").exists()


def test_what_was_kept_and_can_not_be_read_is_left_alone(
    tmp_path: Path,
) -> None:
    document = {"generation": 9, "interfaces": [{"role": "egress"}]}
    (tmp_path / "interfaces.json").write_text(json.dumps(document))
    assert macs(made(tmp_path, told(FIRST))) == [FIRST.mac]
