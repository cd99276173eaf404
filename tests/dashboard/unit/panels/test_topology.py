"""The topology, over HTTP to the service."""

import json
import re
from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm

INDEX = reverse("horizon:project:servicevm_topology:index")


@pytest.fixture
def fleet(service: FakeServicevm) -> FakeServicevm:
    """A device with a service that has a dead member, and an idle device."""
    store = service.store
    edge = store.add(
        "devices",
        {
            "name": "edge",
            "interfaces": [
                {
                    "role": "ingress",
                    "index": 0,
                    "network": "bridge:br0",
                    "mac": "52:54:00:00:00:01",
                    "address": "192.0.2.5",
                    "prefix": 24,
                    "gateway": None,
                }
            ],
        },
    )
    store.add("devices", {"name": "idle"})
    store.add(
        "services",
        {
            "name": "web",
            "device_id": edge["id"],
            "service_type": "loadbalancer",
            "operating_status": "DEGRADED",
            "members": [
                {"pool": "p", "name": "m1", "operating_status": "ONLINE"},
                {"pool": "p", "name": "m2", "operating_status": "DEAD"},
            ],
        },
    )
    return service


def drawn(text: str) -> Any:
    """The data that the script draws."""
    found = re.search(r'id="servicevm-graph"[^>]*>(.*?)</script>', text)
    assert found is not None
    return json.loads(found[1])


def test_the_picture_has_all_and_no_raw_state(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    graph = drawn(member.get(INDEX).content.decode())
    assert [one["name"] for one in graph["networks"]] == ["bridge:br0"]
    assert [one["name"] for one in graph["devices"]] == ["edge", "idle"]
    (web,) = graph["services"]
    assert web["type"] == "Load balancer"
    assert (web["health"], web["tone"]) == ("Degraded", "warning")
    assert [(one["name"], one["tone"]) for one in graph["members"]] == [
        ("m1", "success"),
        ("m2", "danger"),
    ]
    assert not re.search(r'"[A-Z]{4,}"', json.dumps(graph))


def test_the_table_has_the_same(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    text = " ".join(member.get(INDEX).content.decode().split())
    table = text.split('id="servicevm-topology-table"')[1].split("</table")[0]
    for shown in (
        "edge",
        "idle",
        "web",
        "Incoming traffic: 192.0.2.5 on bridge:br0",
        "p / m2:",
        "No services",
    ):
        assert shown in table


def test_it_takes_two_calls_however_many_devices_there_are(
    member: django.test.Client, service: FakeServicevm
) -> None:
    for number in range(60):
        service.store.add("devices", {"name": f"d{number:02}"})
    text = member.get(INDEX).content.decode()
    assert "Only the first 50 devices are shown" in text
    assert len(drawn(text)["devices"]) == 50
    assert len(service.requests) == 2


def test_it_can_be_filtered_by_name(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    text = member.get(INDEX, {"name_prefix": "id"}).content.decode()
    assert [one["name"] for one in drawn(text)["devices"]] == ["idle"]
    text = member.get(INDEX, {"name_prefix": "x"}).content.decode()
    assert "Nothing fits the filter." in text


def test_nothing_there_says_what_to_do(member: django.test.Client) -> None:
    assert b"Create a device, and it is shown" in member.get(INDEX).content


def test_a_poll_brings_table_and_picture_at_once(
    member: django.test.Client, fleet: FakeServicevm
) -> None:
    answer = member.get(INDEX, {"fragment": "region"}).json()
    assert len(answer["graph"]["devices"]) == 2
    assert "servicevm-topology-table" in answer["html"]
    assert answer["said"] == "2 devices. 1 service. 0 failing."


def test_a_service_that_is_down_leaves_the_page_open_and_says_so(
    as_user: Callable[..., django.test.Client],
) -> None:
    with FakeServicevm() as gone:
        url = gone.url
    client = as_user("member", "reader", url=url)
    answer = client.get(INDEX)
    assert answer.status_code == 200
    assert b"does not answer" in answer.content
    assert client.get(INDEX, {"fragment": "region"}).status_code == 503


def test_who_may_see_nothing_has_no_topology(
    as_user: Callable[..., django.test.Client],
) -> None:
    assert as_user("stranger").get(INDEX).status_code == 403


def test_a_reader_sees_it_too(
    as_user: Callable[..., django.test.Client], fleet: FakeServicevm
) -> None:
    answer = as_user("reader").get(INDEX)
    assert answer.status_code == 200
    assert "could not be read" not in answer.content.decode()


def test_an_empty_one_leads_to_the_first_device_whom_it_may(
    as_user: Callable[..., django.test.Client],
) -> None:
    create = reverse("horizon:project:servicevm_devices:create")
    for roles, led in ((("member", "reader"), True), (("reader",), False)):
        text = as_user(*roles).get(INDEX).content.decode()
        assert "No devices yet." in text
        assert (f'<a href="{create}">' in text) == led
