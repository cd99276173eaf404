import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


@pytest.fixture
def installation(fake: FakeServicevm) -> None:
    for name, status in (("a", "ONLINE"), ("b", "DEAD")):
        fake.store.add("devices", {"name": name, "operating_status": status})
    fake.store.add("conductors", {"name": "c1"})
    fake.store.add("relays", {"name": "r1", "sessions": 2})
    fake.store.add("relays", {"name": "r2", "alive": False})


@pytest.mark.usefixtures("installation")
def test_people_see_what_needs_attention_first(terminal: Terminal) -> None:
    result = terminal("status")
    assert result.code == 0
    shown = result.out
    assert shown.index("| attention ") < shown.index("| devices ")
    assert "1 device in ERROR, DEAD or UNRESPONSIVE: b." in shown
    assert "servicevm device list --failing --all-projects" in shown
    assert "| 2: ACTIVE 2; ONLINE 1, DEAD 1 " in shown
    assert "| alive 1, draining 0, sessions 2; silent: r2 " in shown


@pytest.mark.usefixtures("installation")
def test_programs_get_objects(terminal: Terminal) -> None:
    found = terminal("status -f json").json()
    assert found["all_projects"] is True
    assert found["devices"]["operating_status"]["DEAD"] == 1
    assert found["relays"]["silent"] == ["r2"]
    assert [one["command"] for one in found["attention"]] == [
        "servicevm device list --failing --all-projects",
        "servicevm relay list --alive false",
    ]


def test_where_all_is_well_it_says_so(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("conductors", {"name": "c1"})
    fake.store.add("relays", {"name": "r1"})
    assert "Nothing: all is well." in terminal("status").out


def test_what_one_may_not_see_is_null(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    with fake.failing("GET /v1/conductors", 403, "forbidden"):
        found = terminal("status -f json").json()
        assert terminal("status").code == 0
    assert found["conductors"] is None


def test_it_can_be_watched(terminal: Terminal, fake: FakeServicevm) -> None:
    result = terminal("status --watch --until 2020-01-01 -c all_projects")
    assert result.code == 0
    assert result.out == '{"all_projects": true}\n'
