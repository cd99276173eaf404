"""The templates' pages, over HTTP to the service."""

from collections.abc import Callable

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm

INDEX = reverse("horizon:project:servicevm_templates:index")

LB = {
    "name": "lb",
    "description": "Four to a device.",
    "infra_driver": "qemu",
    "infra_options": {"vcpus": 2, "memory_mib": 512},
    "interfaces": [
        {
            "role": "ingress",
            "network": "bridge:br0",
            "cidr": "192.0.2.0/24",
            "pool_start": "192.0.2.10",
        }
    ],
    "service_types": ["loadbalancer"],
    "slots": 4,
}


def test_an_empty_list_says_what_to_do(member: django.test.Client) -> None:
    assert b"ask your administrator" in member.get(INDEX).content


def test_the_list_says_what_devices_are_like_in_two_calls(
    member: django.test.Client, service: FakeServicevm
) -> None:
    template = service.store.add("device_templates", LB)
    for number in range(3):
        service.store.add(
            "devices", {"name": f"d{number}", "template_id": template["id"]}
        )
    text = member.get(INDEX).content.decode()
    assert "Virtual machine (QEMU)" in text
    assert "Load balancer" in text
    assert ">3<" in text.replace(" ", "").replace("\n", "")
    assert len(service.requests) == 2


def test_templates_are_found_by_tags_which_lead_to_them(
    member: django.test.Client, service: FakeServicevm
) -> None:
    one = service.store.add("device_templates", {**LB, "tags": ["edge"]})
    service.store.add("device_templates", {**LB, "name": "other"})
    page = reverse(
        "horizon:project:servicevm_templates:detail", args=[one["id"]]
    )
    link = f"{INDEX}?tags=edge"
    assert f'href="{link}"' in member.get(page).content.decode()
    text = member.get(link).content.decode()
    assert 'data-display="lb"' in text
    assert 'data-display="other"' not in text


def test_a_device_is_not_offered_where_the_quota_has_no_room_for_it(
    member: django.test.Client, service: FakeServicevm
) -> None:
    for name, vcpus in (("small", 1), ("large", 8)):
        options = {"vcpus": vcpus, "memory_mib": 512}
        service.store.add(
            "device_templates",
            {**LB, "name": name, "infra_options": options},
        )
    service.quotas.change("fake", {"vcpus": 4})
    service.requests.clear()
    text = member.get(INDEX).content.decode()
    assert len(service.requests) == 2
    small, large = (
        text.split(f'data-display="{name}"')[1].split("</tr")[0]
        for name in ("small", "large")
    )
    assert "servicevm-refused" not in small
    assert "servicevm-refused" in large
    assert "vCPUs: 0 of 4 in use; this takes 8." in large
    assert "Ask an administrator for a larger quota." in large


def test_of_one_template_too_the_quota_is_looked_at(
    member: django.test.Client, service: FakeServicevm
) -> None:
    template = service.store.add("device_templates", LB)
    service.store.add("devices", {"name": "d", "template_id": template["id"]})
    service.quotas.change("fake", {"devices": 1})
    url = reverse(
        "horizon:project:servicevm_templates:detail", args=[template["id"]]
    )
    service.requests.clear()
    text = member.get(url).content.decode()
    assert len(service.requests) <= 3
    assert "Devices: 1 of 1 in use; this takes 1." in text


def test_where_the_quota_is_not_known_nothing_is_refused_for_it(
    member: django.test.Client, service: FakeServicevm
) -> None:
    service.store.add("device_templates", LB)
    with service.failing("GET /v1/summary"):
        text = member.get(INDEX).content.decode()
    assert "Create Device" in text
    assert "servicevm-refused" not in text


def test_a_template_is_shown_with_what_its_devices_have(
    member: django.test.Client, service: FakeServicevm
) -> None:
    template = service.store.add("device_templates", LB)
    url = reverse(
        "horizon:project:servicevm_templates:detail", args=[template["id"]]
    )
    text = member.get(url).content.decode()
    for shown in (
        "RAM (MiB): 512",
        "Incoming traffic",
        "192.0.2.10 to … of",
        "bridge:",
    ):
        assert shown in text
    assert len(service.requests) <= 3


def test_a_template_that_is_gone_leads_to_the_list(
    member: django.test.Client,
) -> None:
    url = reverse(
        "horizon:project:servicevm_templates:detail",
        args=["00000000-0000-4000-8000-000000000000"],
    )
    answer = member.get(url)
    assert answer.status_code == 302
    assert answer["Location"].endswith(INDEX)


@pytest.mark.parametrize(
    ("roles", "offered"),
    [
        (("member", "reader"), True),
        (("reader",), False),
    ],
    ids=["member", "reader"],
)
def test_who_may_make_devices_is_offered_to(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    roles: tuple[str, ...],
    offered: bool,
) -> None:
    row = service.store.add("device_templates", {**LB, "project_id": "ops"})
    text = as_user(*roles).get(INDEX).content.decode()
    assert ("Create Device" in text) is offered
    assert (f"create/?template_id={row['id']}" in text) is offered


@pytest.mark.parametrize(
    ("role", "asks"), [("member", False), ("admin", True)]
)
def test_what_a_device_takes_is_told_by_its_template(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    role: str,
    asks: bool,
) -> None:
    template = service.store.add(
        "device_templates",
        {
            **LB,
            "infra_options": {},
            "footprint": {"vcpus": 3, "ram_mib": 192},
        },
    )
    url = reverse(
        "horizon:project:servicevm_templates:detail", args=[template["id"]]
    )
    text = as_user(role).get(url).content.decode()
    assert "vCPUs: 3, RAM (MiB): 192" in text
    # Drivers, for titles of options, by who may look at them.
    asked = [path.partition("?")[0] for _method, path in service.requests]
    assert ("/v1/drivers" in asked) is asks
    assert len(asked) <= 3
