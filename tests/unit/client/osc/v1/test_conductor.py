from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


def test_list_and_show(terminal: Terminal, fake: FakeServicevm) -> None:
    made = fake.store.add("conductors", {"name": "c1", "host": "h1"})
    fake.store.add("conductors", {"name": "c2", "alive": False})
    assert terminal("conductor list --alive true -f json").json() == [
        {
            "Name": "c1",
            "Host": "h1",
            "Version": "1.0",
            "Alive": True,
            "Last Seen": "2026-11-22T10:00:05.000000Z",
        }
    ]
    assert terminal("conductor list --host h1 -f value -c ID").out == ""
    found = terminal("conductor list --long --host h1 -f value -c ID")
    assert found.out == f"{made['id']}\n"
    assert terminal("conductor show c1 -f json").json() == made
    assert terminal("conductor show nothing").code == 3


def test_conductors_belong_to_no_project(terminal: Terminal) -> None:
    assert terminal("conductor list --all-projects").code == 2
