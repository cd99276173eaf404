import json
from pathlib import Path

import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

CONFIG = "listeners:\n- name: web\n  port: 80\n"


@pytest.fixture(autouse=True)
def device(fake: FakeServicevm) -> str:
    return str(fake.store.add("devices", {"name": "lb-1"})["id"])


def _create(terminal: Terminal, config: str = CONFIG, more: str = "") -> str:
    result = terminal(
        "service create --device lb-1 --type loadbalancer --config - "
        f"{more} -f json web",
        stdin=config,
    )
    assert result.code == 0, result.err
    return str(result.json()["id"])


def test_create_sends_the_configuration(
    terminal: Terminal, fake: FakeServicevm, device: str
) -> None:
    row = fake.store.rows["services"][_create(terminal, more="--wait")]
    assert row["config"] == {"listeners": [{"name": "web", "port": 80}]}
    assert row["device_id"] == device
    assert row["provisioning_status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{}", "$.listeners: It is required"),
        ("listeners: [{name: 1, port: 80}]", "$.listeners[0].name: 1 is not"),
        ("listeners: []\nx: 1", "$.x: There is no such field"),
        ("listeners: []\nlisteners: []", "is there twice"),
        ("listeners: [", "line"),
    ],
    ids=["required", "type", "unknown", "twice", "syntax"],
)
def test_a_configuration_that_does_not_fit_is_not_sent(
    config: str, words: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    result = terminal(
        "service create --device lb-1 --type loadbalancer --config - web",
        stdin=config,
    )
    assert result.code == 2
    assert words in result.err
    assert "POST" not in {method for method, _ in fake.requests}


def test_an_unknown_type_is_not_found(terminal: Terminal) -> None:
    result = terminal(
        "service create --device lb-1 --type nothing --config - web",
        stdin=CONFIG,
    )
    assert result.code == 3


def test_set_replaces_the_configuration(
    terminal: Terminal, fake: FakeServicevm, tmp_path: Path
) -> None:
    row = fake.store.rows["services"][_create(terminal, more="--wait")]
    path = tmp_path / "web.json"
    path.write_text(json.dumps({"listeners": []}))
    result = terminal(f"service set --config {path} --wait --tag a web")
    assert result.code == 0, result.err
    assert row["config"] == {"listeners": []}
    assert (row["tags"], row["generation"]) == (["a"], 2)
    assert "service web: ACTIVE, " in result.err
    path.write_text("{}")
    assert terminal(f"service set --config {path} web").code == 2
    assert row["generation"] == 2


def test_list_show_and_delete(terminal: Terminal, device: str) -> None:
    made = _create(terminal, more="--wait")
    listed = terminal("service list --device lb-1 -f json").json()
    assert [(row["ID"], row["Device Name"]) for row in listed] == [
        (made, "lb-1")
    ]
    assert terminal("service list --type other -f json").json() == []
    assert "port: 80" in terminal("service show web").out
    assert terminal("service unset --all-tag web").code == 0
    assert terminal("service delete --wait web").code == 0
    assert terminal("service show web").code == 3


def test_who_owns_it_can_be_said_shown_and_asked_for(
    terminal: Terminal, fake: FakeServicevm, device: str
) -> None:
    made = _create(terminal, more="--managed-by neutron --project p1")
    row = fake.store.rows["services"][made]
    assert (row["managed_by"], row["project_id"]) == ("neutron", "p1")
    shown = terminal(f"service show {made} -f json").json()
    assert shown["managed_by"] == "neutron"
    listing = "service list -f json --managed-by"
    assert len(terminal(f"{listing} neutron --project p1").json()) == 1
    assert not terminal(f"{listing} octavia --project p1").json()
    assert not terminal(f"{listing} neutron").json()


STATS = {
    "listeners": [{"name": "web", "connections_total": 3, "bytes_in": 9}],
    "pools": [
        {
            "name": "p",
            "connections_total": 3,
            "members": [
                {
                    "name": "b1",
                    "operating_status": "ONLINE",
                    "connections_total": 2,
                    "weight": 1,
                }
            ],
        }
    ],
}


def test_statistics_are_rows_for_people_and_all_for_programs(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    service_id = _create(terminal)
    fake.store.rows["services"][service_id]["stats"] = STATS
    columns = "-c kind -c name -c pool -c status -c connections"
    result = terminal(f"service stats show web -f csv --quote none {columns}")
    assert result.out.split() == [
        "Kind,Name,Pool,Status,Connections",
        "listener,web,None,None,3",
        "pool,p,None,None,3",
        "member,b1,p,ONLINE,2",
    ]
    assert terminal("service stats show web -f json").json() == STATS
    chosen = terminal("service stats show web -f json -c name -c requests")
    assert chosen.json()[2] == {"Name": "b1", "Requests": None}


def test_a_service_that_counts_nothing_has_no_rows(
    terminal: Terminal,
) -> None:
    _create(terminal)
    assert terminal("service stats show web -f value").out == ""
    assert terminal("service stats show web -f json").json() == {}
