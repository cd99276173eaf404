import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


@pytest.fixture
def relay(fake: FakeServicevm) -> str:
    made = fake.store.add(
        "relays", {"name": "r1", "host": "h1", "sessions": 3}
    )
    return str(made["id"])


def test_list_says_what_an_operator_looks_for(
    terminal: Terminal, relay: str
) -> None:
    assert terminal("relay list --group default -f json").json() == [
        {
            "Name": "r1",
            "Host": "h1",
            "Group": "default",
            "Version": "1.0",
            "Sessions": 3,
            "Alive": True,
            "Draining": False,
            "Last Seen": "2026-11-22T10:00:05.000000Z",
        }
    ]
    assert terminal("relay list --group other -f json").json() == []


@pytest.mark.parametrize("by_name", [True, False], ids=["name", "id"])
def test_a_relay_is_drained_and_used_again(
    terminal: Terminal, relay: str, by_name: bool
) -> None:
    ref = "r1" if by_name else relay
    for option, said in (
        ("--drain", "draining"),
        ("--drain", "draining"),
        ("--no-drain", "not draining"),
    ):
        result = terminal(f"relay set {option} {ref}")
        assert (result.code, result.out) == (0, "")
        assert result.err == f"relay r1: {said}, 3 sessions\n"
    assert terminal("relay show r1 -f json").json()["draining"] is False


@pytest.mark.parametrize("options", ["", "--drain --no-drain"])
def test_what_is_to_be_set_must_be_said(
    terminal: Terminal, relay: str, options: str
) -> None:
    assert terminal(f"relay set {options} r1").code == 2


def test_an_unknown_relay_is_not_found(terminal: Terminal) -> None:
    assert terminal("relay set --drain nothing").code == 3
    assert terminal("relay show nothing").code == 3
