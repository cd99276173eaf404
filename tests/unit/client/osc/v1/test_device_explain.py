import pytest

from servicevmclient.osc.v1.device_explain import prose
from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

LOST = {
    "name": "lb-1",
    "operating_status": "DEAD",
    "status_code": "device_died",
    "status_reason": "It stopped.\x1b[31m",
    "relay_group": "default",
}


def test_it_reads_like_a_description(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", LOST)
    result = terminal("device explain lb-1")
    assert result.code == 0
    assert (
        result.out
        == """\
How it is
  Device lb-1 is ACTIVE and DEAD: its machine does not run.
  It stopped.[31m (device_died)

What is wrong
  Relay group default has no relay that lives: no agent of it can connect.
    $ servicevm relay list --group default
  Its agent has never enrolled.
    $ servicevm device console log show lb-1

What happens next
  It is healed once it was lost for 60 s.

What you can do
  See what its machine wrote last:
    $ servicevm device console log show lb-1
  Heal it now:
    $ servicevm device heal --wait lb-1
  Make its machine anew:
    $ servicevm device rebuild --wait lb-1
  Or give it up:
    $ servicevm device delete --wait lb-1
"""
    )


def test_json_has_objects_with_stable_keys(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    device = fake.store.add("devices", {"name": "lb-1"})
    found = terminal("device explain lb-1 -f json").json()
    assert found == {
        "id": device["id"],
        "name": "lb-1",
        "state": [
            {
                "text": "Device lb-1 is ACTIVE and ONLINE: it is in service.",
                "command": None,
            }
        ],
        "waiting_for": [],
        "failed": [],
        "next": [],
        "advice": [{"text": "There is nothing to do.", "command": None}],
    }


@pytest.mark.parametrize(
    ("device", "most"),
    [({}, 3), (LOST, 5)],
    ids=["well", "lost"],
)
def test_it_takes_a_handful_of_requests(
    device: dict[str, str], most: int, terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", {"name": "lb-1", **device})
    assert terminal("device explain lb-1").code == 0
    assert len(fake.requests) <= most


def test_what_one_may_not_see_is_left_out(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", LOST)
    with fake.failing("GET /v1/relays", 403, "forbidden"):
        result = terminal("device explain lb-1")
    assert result.code == 0
    assert "no relay that lives" not in result.out
    assert "Its agent has never enrolled." in result.out


def test_columns_are_those_of_other_commands(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    fake.store.add("devices", LOST)
    line = "device explain lb-1 -f value -c name -c next"
    assert terminal(line).out == (
        "lb-1\n[{'text': 'It is healed once it was lost for 60 s.', "
        "'command': None}]\n"
    )
    assert "| next " in terminal("device explain lb-1 -c next").out


def test_prose_is_broken_where_a_terminal_ends() -> None:
    told = [{"text": "one two three four", "command": "servicevm a b c d"}]
    assert prose({"Now": told, "Later": []}, 12) == [
        "Now",
        "  one two",
        "  three four",
        "    $ servicevm a b c d",
    ]


@pytest.mark.parametrize("project", ["fake", "another"])
def test_what_belongs_to_another_projects_device_is_seen(
    project: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    device = fake.store.add("devices", {"name": "lb-1", "project_id": project})
    of = {"device_id": device["id"], "project_id": project}
    fake.store.add(
        "services", {"name": "web", "operating_status": "DEAD"} | of
    )
    fake.store.add("events", {"type": "x", "at": "2026-11-22T10:00:00Z"} | of)
    explained = terminal(f"device explain {device['id']} -f json").json()
    assert "web" in explained["failed"][0]["text"]
    shown = terminal(f"device show --long {device['id']} -f json").json()
    assert len(shown["services"]) == len(shown["events"]) == 1
