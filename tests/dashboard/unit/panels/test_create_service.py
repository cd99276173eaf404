"""Create Service, as a browser sends it, over HTTP to the service."""

from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels.wizard_browser import Browser
from tests.dashboard.unit.schema_form.test_form import FIREWALL

URL = reverse("horizon:project:servicevm_services:create")


@pytest.fixture
def device(service: FakeServicevm) -> dict[str, Any]:
    service.store.add(
        "service_types",
        {
            "name": "firewall",
            "version": 1,
            "description": "Lets things pass.",
            "slots": 1,
            "actions": {},
            "config_schema": FIREWALL,
        },
    )
    template = service.store.add(
        "device_templates", {"name": "edge", "service_types": ["firewall"]}
    )
    return service.store.add(
        "devices",
        {
            "name": "fw1",
            "template_id": template["id"],
            "slots": {"total": 2, "used": 0},
        },
    )


def test_the_way_to_a_service_of_a_type_that_nobody_knew(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    page = Browser(member, URL)
    assert "Create Firewall" in page.html
    assert page.step == "device"
    page.go(**{"device/id": device["id"]})
    page.go(**{"details/name": "outer"})
    page.go(**{"config/rules/0/port": "443"})
    assert page.step == "review"
    assert "service create --type firewall --device fw1" in page.html
    page.go("create")
    (made,) = service.store.rows["services"].values()
    assert page.answer.url.endswith(f"{made['id']}/")
    assert made["config"] == {
        "policy": "accept",
        "zones": [{"name": "zone-1"}],
        "rules": [{"zone": "zone-1", "port": 443}],
    }


@pytest.fixture
def review(member: django.test.Client, device: dict[str, Any]) -> Browser:
    """The last step."""
    page = Browser(member, f"{URL}?device={device['id']}")
    assert page.step == "details"
    page.go(**{"details/name": "outer"})
    page.go(**{"config/rules/0/port": "443"})
    assert page.step == "review"
    return page


def test_what_the_service_refuses_is_shown_next_to_the_field(
    service: FakeServicevm, review: Browser
) -> None:
    service.refuse_next(
        "POST",
        "/v1/services",
        400,
        "config_invalid",
        "The config does not fit.",
        {
            "$.service.config.rules[0].port": "443 is taken.",
            "$.service.config.zones[0].name": "It is reserved.",
            "$.service.managed_by": "It is somebody else's.",
        },
    )
    review.go("create")
    assert review.step == "config"
    port = review.form.inputs["config/rules/0/port"][0]
    assert port["aria-invalid"] == "true"
    assert port["value"] == "443"
    for sentence in ("443 is taken.", "It is reserved.", "somebody else"):
        assert sentence in review.html
    assert "Rule 1, Port" in review.html


def test_a_port_that_another_service_has_is_told_next_to_its_field(
    service: FakeServicevm, review: Browser
) -> None:
    sentence = "Service web of the same device has TCP port 443."
    fields = {"$.service.config.rules[0].port": sentence}
    service.refuse_next(
        "POST", "/v1/services", 409, "port_taken", "The config: ...", fields
    )
    review.go("create")
    assert review.step == "config"
    port = review.form.inputs["config/rules/0/port"][0]
    assert port["aria-invalid"] == "true"
    begin = review.html.index(f'id="{port["aria-describedby"].split()[-1]}"')
    assert sentence in review.html[begin : begin + 400]
    review.go(**{"config/rules/0/port": "444"})
    review.go("create")
    assert len(service.store.rows["services"]) == 1


def test_a_port_that_is_taken_is_told_in_the_language_of_the_page(
    service: FakeServicevm, review: Browser
) -> None:
    review.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    fields = {"$.service.config.rules[0].port": "Service web has it."}
    service.refuse_next(
        "POST", "/v1/services", 409, "port_taken", "The config: ...", fields
    )
    review.go("create")
    assert review.step == "config"
    assert "Der Port ist belegt. (Service web has it.)" in review.html


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("ACTIVE", "change or delete that service first"),
        ("PENDING_DELETE", "wait until it is gone"),
    ],
)
def test_a_port_that_is_taken_is_refused_in_its_step(
    service: FakeServicevm,
    review: Browser,
    device: dict[str, Any],
    status: str,
    sentence: str,
) -> None:
    other = service.store.add(
        "services",
        {
            "name": "inner",
            "device_id": device["id"],
            "service_type": "firewall",
            "config": {"rules": [{"zone": "z", "port": 443}]},
            "provisioning_status": status,
        },
    )
    review.go("back")
    assert review.step == "config"
    review.go()
    assert review.step == "config"
    port = review.form.inputs["config/rules/0/port"][0]
    assert port["aria-invalid"] == "true"
    assert "The service inner of this device" in review.html
    assert sentence in review.html
    assert not [one for one in service.requests if one[0] == "POST"]
    # Another device has ports of its own, and so has another protocol.
    other["device_id"] = "elsewhere"
    review.go()
    assert review.step == "review"


def test_where_the_services_can_not_be_read_the_api_has_the_last_word(
    service: FakeServicevm, review: Browser
) -> None:
    review.go("back")
    with service.failing("GET /v1/services"):
        review.go()
    assert review.step == "review"


def test_two_rules_for_one_port_are_refused_in_the_form(
    review: Browser,
) -> None:
    review.go("back")
    rule = {"config/rules/1/zone": "zone-1", "config/rules/1/port": "443"}
    review.go(**{"config/rules": ["0", "1"], **rule})
    assert review.step == "config"
    assert "Another one has the same: Zone, Port." in review.html
    review.go(**{"config/rules/1/port": "444"})
    assert review.step == "review"


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("no_free_slot", {}),
        ("device_failed", {}),
        ("type_not_offered", {}),
        ("invalid_field", {"$.service.device_id": "It has no room."}),
    ],
)
def test_what_is_wrong_with_the_device_is_told_where_it_is_chosen(
    service: FakeServicevm,
    review: Browser,
    device: dict[str, Any],
    code: str,
    fields: dict[str, str],
) -> None:
    service.refuse_next(
        "POST", "/v1/services", 409, code, "It has no room.", fields
    )
    review.go("create")
    assert review.step == "device"
    assert f'href="#device-{device["id"]}"' in review.html
    assert "It has no room." in review.html


def test_on_a_device_that_was_chosen_elsewhere_it_is_named(
    member: django.test.Client, device: dict[str, Any]
) -> None:
    page = Browser(member, f"{URL}?device={device['id']}")
    assert page.step == "details"
    assert "Device: <strong>fw1</strong>" in page.html
    assert "Type: <strong>Firewall</strong>" in page.html
    changes = {
        one["aria-label"]: one["value"]
        for one in page.form.buttons
        if one.get("aria-label")
    }
    assert changes == {"Change: Type": "type", "Change: Device": "device"}
    page.go("device")
    assert page.step == "device"


def test_devices_that_can_not_take_it_say_why(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    store = service.store
    other = store.add("device_templates", {"name": "o", "service_types": []})
    for name, changes in {
        "full": {"slots": {"total": 2, "used": 2}},
        "broken": {"provisioning_status": "ERROR"},
        "other": {"template_id": other["id"]},
        "going": {"provisioning_status": "PENDING_DELETE"},
    }.items():
        row = store.add("devices", {**device, "name": name, "id": name})
        row |= changes
    page = Browser(member, URL)
    assert page.step == "device"
    for sentence in (
        "It has 0 free slots; this takes 1.",
        "It failed: repair or delete it first.",
        "Its template does not offer this.",
        "It is being deleted.",
    ):
        assert sentence in page.html
    assert [one["value"] for one in page.form.inputs["device/id"]] == [
        device["id"]
    ]
    page.go(**{"device/id": "full"})
    assert page.step == "device"
    assert "It has 0 free slots; this takes 1." in page.html


def test_without_a_device_one_is_to_be_created_first(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    service.store.rows["devices"].clear()
    page = Browser(member, URL)
    assert "there is none that can take it" in page.html
    assert reverse("horizon:project:servicevm_devices:create") in page.html
    # No button that leads nowhere.
    assert not [
        one
        for one in page.form.buttons
        if "btn-primary" in (one["class"] or "")
    ]


def test_one_of_many_devices_is_found_by_its_name(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    for number in range(60):
        service.store.add(
            "devices", {**device, "id": f"d{number}", "name": f"a{number:02}"}
        )
    page = Browser(member, URL)
    assert "There are more devices" in page.html
    assert "fw1" not in page.html
    page.go("device", **{"device/prefix": "fw"})
    assert page.step == "device"
    assert "fw1" in page.html
    page.go(**{"device/id": device["id"], "device/prefix": ""})
    assert page.step == "details"


def test_a_choice_of_types_is_a_step(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    service.store.add(
        "service_types",
        {
            "name": "loadbalancer",
            "slots": 1,
            "description": "Shares.",
            "config_schema": {"type": "object", "properties": {}},
        },
    )
    page = Browser(member, URL)
    assert page.step == "type"
    assert "Create Service" in page.html
    page.go()
    assert page.step == "type"
    assert "Choose one." in page.html
    page.go(**{"type/id": "loadbalancer"})
    assert "Create Load Balancer" in page.html


def test_two_devices_of_one_name_are_told_apart_by_id(
    service: FakeServicevm, review: Browser, device: dict[str, Any]
) -> None:
    service.store.add("devices", {**device, "id": "twin"})
    review.go("review")
    assert f"--device {device['id']}" in review.html


def test_a_service_that_is_down_leaves_the_page_open(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    service.refuse_next("GET", "/v1/service-types", 503, "down", "It rests.")
    page = Browser(member, URL)
    assert page.answer.status_code == 200
    assert "It rests." in page.html
    page.go(page.step)
    assert "Lets things pass." in page.html


def test_a_schema_without_fields_is_filled_in_as_json(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    (kind,) = service.store.rows["service_types"].values()
    kind["config_schema"] = {"type": "object", "minProperties": 1}
    page = Browser(member, f"{URL}?device={device['id']}")
    page.go(**{"details/name": "outer"})
    assert page.step == "config"
    page.go(**{"config?json": "{}"})
    assert page.step == "config"
    assert "It does not fit" in page.html
    page.go(**{"config?json": '{"a": [1]}'})
    page.go("create")
    (made,) = service.store.rows["services"].values()
    assert made["config"] == {"a": [1]}


def test_a_device_leads_to_a_service_on_it_while_it_has_room(
    service: FakeServicevm, member: django.test.Client, device: dict[str, Any]
) -> None:
    index = reverse("horizon:project:servicevm_devices:index")
    link = f"{URL}?device={device['id']}"
    assert link in member.get(index).content.decode()
    device["slots"] = {"total": 2, "used": 2}
    text = member.get(index).content.decode()
    assert "All of its slots are taken." in text
