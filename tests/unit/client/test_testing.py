"""The fake service that is shipped for users' tests."""

import requests

from servicevmclient.testing import FakeServicevm


def test_what_is_told_to_fail_fails_as_long_as_it_is_told() -> None:
    with FakeServicevm() as fake, requests.Session() as session:
        url = f"{fake.url}/v1/devices"
        with fake.failing("GET /v1/devices", 503, "unavailable", "Away."):
            answer = session.get(url, timeout=10)
            other = session.get(f"{fake.url}/v1/services", timeout=10)
        again = session.get(url, timeout=10)
    assert answer.status_code == 503
    assert answer.json()["errors"][0]["detail"] == "Away."
    assert other.status_code == again.status_code == 200
    assert len(fake.requests) == 3


def test_a_console_has_what_a_test_wrote_on_it() -> None:
    with FakeServicevm() as fake, requests.Session() as session:
        device = fake.store.add("devices", {"name": "lb1"})
        url = f"{fake.url}/v1/devices/{device['id']}/console-log"
        first = session.get(url, timeout=10).json()
        fake.store.consoles[device["id"]] = "panic\n"
        second = session.get(url, timeout=10).json()
    assert first == {"console_log": "Booting lb1\n"}
    assert second == {"console_log": "panic\n"}


def test_operations_know_the_name_of_what_is_gone() -> None:
    with FakeServicevm() as fake, requests.Session() as session:
        device = fake.store.add("devices", {"name": "lb1"})
        url = f"{fake.url}/v1/devices/{device['id']}"
        begun = session.delete(url, timeout=10).json()["operation"]
        device["name"] = "renamed"
        url = f"{fake.url}/v1/operations/{begun['id']}"
        while (shown := session.get(url, timeout=10).json()["operation"])[
            "state"
        ] != "SUCCEEDED":
            assert shown["resource_gone"] is False
    assert shown["resource_name"] == "renamed"
    assert shown["resource_gone"] is True
