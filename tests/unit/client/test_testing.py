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


def test_so_many_requests_as_it_is_told_pass_before_they_fail() -> None:
    with FakeServicevm() as fake, requests.Session() as session:
        url = f"{fake.url}/v1/devices"
        with fake.failing("GET /v1/devices", 503, passing=2):
            found = [session.get(url, timeout=10) for _ in range(4)]
    assert [one.status_code for one in found] == [200, 200, 503, 503]
    assert len(fake.requests) == 4


def test_lists_are_of_the_own_project_unless_others_are_asked_for() -> None:
    with FakeServicevm() as fake, requests.Session() as session:
        for project in ("fake", "p1"):
            fake.store.add("devices", {"name": "a", "project_id": project})
        url = f"{fake.url}/v1/devices"
        found = [
            len(session.get(url + query, timeout=10).json()["devices"])
            for query in ("", "?project_id=p1", "?all_projects=true")
        ]
    assert found == [1, 1, 2]


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
