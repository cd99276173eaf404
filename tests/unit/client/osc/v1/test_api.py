from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


def test_list(terminal: Terminal, fake: FakeServicevm) -> None:
    for name in ("a1", "a2"):
        fake.store.add("apis", {"name": name, "host": "h1"})
    assert terminal("api list --name a2 -f json").json() == [
        {
            "Name": "a2",
            "Host": "h1",
            "Version": "1.0",
            "Alive": True,
            "Last Seen": "2026-11-22T10:00:05.000000Z",
        }
    ]
