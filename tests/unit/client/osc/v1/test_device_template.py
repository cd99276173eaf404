import json

import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal

CREATE = (
    "device template create --infra-driver qemu "
    "--infra-option memory_mib=192 --infra-option accelerator=tcg "
    "--mgmt-driver agent --interface role=ingress,network=user "
    "--service-type loadbalancer --slots 4 --first-contact-timeout 90 "
    "--healing ladder=reboot --healing after=10 "
    "--tag a --property owner=me --description 'A small one' small -f json"
)


def test_create_sends_what_the_options_say(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    made = terminal(CREATE).json()
    row = fake.store.rows["device_templates"][made["id"]]
    assert {key: row[key] for key in row if key not in _SERVER} == {
        "name": "small",
        "description": "A small one",
        "infra_driver": "qemu",
        "infra_options": {"memory_mib": 192, "accelerator": "tcg"},
        "mgmt_driver": "agent",
        "mgmt_options": {},
        "interfaces": [{"role": "ingress", "network": "user"}],
        "service_types": ["loadbalancer"],
        "slots": 4,
        "health": {"first_contact_timeout": 90},
        "healing": {"ladder": ["reboot"], "after": 10},
        "tags": ["a"],
        "properties": {"owner": "me"},
    }


_SERVER = {"id", "project_id", "revision", "created_at", "updated_at"}


@pytest.mark.parametrize(
    "document",
    [
        "name: big\ninfra_driver: qemu\n"
        "interfaces: [{role: ingress, network: user}]\n",
        json.dumps(
            {
                "device_template": {
                    "name": "big",
                    "infra_driver": "qemu",
                    "interfaces": [{"role": "ingress", "network": "user"}],
                }
            }
        ),
    ],
    ids=["yaml", "json-in-its-envelope"],
)
def test_create_from_a_file_with_options_over_it(
    document: str, terminal: Terminal
) -> None:
    line = "device template create --file - --slots 2 -f json"
    made = terminal(line, stdin=document).json()
    assert (made["name"], made["slots"]) == ("big", 2)
    made = terminal(f"{line} other", stdin=document).json()
    assert made["name"] == "other"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("small", "--infra-driver, --interface"),
        ("--infra-driver qemu --interface role=a,network=user", "NAME"),
        ("--file missing.yaml small", "missing.yaml"),
        ("--slots none small", "--slots"),
        ("--interface network=user small", "role"),
        ("--infra-option memory small", "key=value"),
    ],
)
def test_what_is_missing_or_wrong_is_told_before_anything_is_sent(
    line: str, words: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    result = terminal(f"device template create {line}")
    assert result.code == 2
    assert words in result.err
    assert result.out == ""
    assert fake.requests == []


def test_set_merges_and_unset_takes_away(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    made = terminal(CREATE).json()
    row = fake.store.rows["device_templates"][made["id"]]
    line = "device template set --infra-option vcpus=2 --tag b --name tiny"
    assert terminal(f"{line} small").code == 0
    assert row["infra_options"] == {
        "memory_mib": 192,
        "accelerator": "tcg",
        "vcpus": 2,
    }
    assert (row["tags"], row["name"]) == (["a", "b"], "tiny")
    line = "device template unset --infra-option vcpus --all-tag"
    assert terminal(f"{line} --service-type loadbalancer tiny").code == 0
    assert "vcpus" not in row["infra_options"]
    assert (row["tags"], row["service_types"]) == ([], [])


def test_list_and_show_are_the_same_for_people_and_programs(
    terminal: Terminal,
) -> None:
    made = terminal(CREATE).json()
    listed = terminal("device template list -f json").json()
    assert listed == [
        {
            "ID": made["id"],
            "Name": "small",
            "Revision": 1,
            "Infra Driver": "qemu",
            "Mgmt Driver": "agent",
            "Service Types": ["loadbalancer"],
        }
    ]
    assert terminal("device template show small -f json").json() == made
    shown = terminal("device template show small").out
    assert "role=ingress network=user" in shown
    assert "memory_mib=192" in shown


def test_delete_says_what_it_did(terminal: Terminal) -> None:
    terminal(CREATE)
    result = terminal("device template delete small nothing")
    assert result.code == 3
    assert result.err.splitlines()[0] == "device template small: deleted"
    assert result.err.splitlines()[-1] == "1 of 2 failed."
    assert result.out == ""
