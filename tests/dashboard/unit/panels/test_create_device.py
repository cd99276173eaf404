"""Create Device, as a browser sends it, over HTTP to the service."""

import json
from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels.wizard_browser import Browser

URL = reverse("horizon:project:servicevm_devices:create")


def test_the_way_to_a_device(
    member: django.test.Client,
    service: FakeServicevm,
    template: dict[str, Any],
) -> None:
    page = Browser(member, URL)
    assert "2 vCPUs" in page.html
    assert "192.0.2.0/24" in page.html
    page.go(**{"template/id": template["id"]})
    page.go(
        **{
            "details/name": "it's lb 1",
            "details/tags": "web, blue",
            "details/properties": "0",
            "details/properties/0/key": "rack",
            "details/properties/0/value": "12",
        }
    )
    assert "192.0.2.10 to 192.0.2.99" in page.html
    page.go(**{"addresses/1": "192.0.2.33"})
    assert "0 of 10 in use; this takes 1." in page.html
    assert "this takes 512." in page.html
    assert "--interface role=ingress,address=192.0.2.33" in page.html
    page.go("create")
    assert page.answer.status_code == 302
    (made,) = service.store.rows["devices"].values()
    assert page.answer.url.endswith(f"{made['id']}/")
    assert made["name"] == "it's lb 1"
    assert made["tags"] == ["web", "blue"]
    assert made["properties"] == {"rack": "12"}
    assert made["template_id"] == template["id"]
    assert made["interfaces"] == [{"role": "ingress", "address": "192.0.2.33"}]


def test_a_name_that_is_missing_is_asked_for_next_to_its_field(
    member: django.test.Client, template: dict[str, Any]
) -> None:
    page = Browser(member, URL)
    page.go(**{"template/id": template["id"]})
    page.go(**{"details/name": ""})
    assert page.step == "details"
    assert 'href="#details--name"' in page.html
    name = page.form.inputs["details/name"][0]
    assert name["aria-invalid"] == "true"


def test_nothing_is_lost_on_the_way_back(review: Browser) -> None:
    review.go("template")
    assert review.step == "template"
    review.go()
    assert review.form.data()["details/name"] == ["lb1"]
    review.go()
    assert review.form.data()["addresses/1"] == ["192.0.2.33"]


def test_what_the_service_refuses_is_shown_in_the_step_it_is_about(
    service: FakeServicevm, review: Browser
) -> None:
    service.refuse_next(
        "POST",
        "/v1/devices",
        409,
        "address_taken",
        "The body does not fit.",
        {"$.device.interfaces[0].address": "192.0.2.33 is taken."},
    )
    review.go("create")
    assert review.step == "addresses"
    assert "192.0.2.33 is taken." in review.html
    assert 'href="#addresses--1"' in review.html
    assert review.form.inputs["addresses/1"][0]["aria-invalid"] == "true"
    assert not service.store.rows["devices"]
    review.go(**{"addresses/1": "192.0.2.34"})
    review.go("create")
    assert len(service.store.rows["devices"]) == 1


def test_a_property_that_the_service_refuses_is_shown_with_its_value(
    service: FakeServicevm, member: django.test.Client, template: Any
) -> None:
    page = Browser(member, URL)
    page.go(**{"template/id": template["id"]})
    rows = {
        "details/properties": ["0", "1"],
        "details/properties/0/key": "rack",
        "details/properties/0/value": "12",
        "details/properties/1/key": "row:2",
        "details/properties/1/value": "b",
    }
    page.go(**{"details/name": "lb1", **rows})
    page.go()
    fields = {
        "$.device.properties['row:2']": "It is too long.",
        "$.device.properties": "They are too many.",
    }
    service.refuse_next(
        "POST", "/v1/devices", 400, "invalid_field", "No.", fields
    )
    page.go("create")
    assert page.step == "details"
    value = page.form.inputs["details/properties/1/value"][0]
    assert value["aria-invalid"] == "true"
    assert 'href="#details--properties"' in page.html


def test_a_tag_that_the_service_refuses_is_shown_with_the_tags(
    service: FakeServicevm, review: Browser
) -> None:
    fields = {
        "$.device.tags[1]": "A tag may not have spaces.",
        "$.device.tags[2]": "This one neither.",
    }
    service.refuse_next(
        "POST", "/v1/devices", 400, "invalid_field", "No.", fields
    )
    review.go("create")
    assert review.step == "details"
    assert review.html.count('href="#details--tags"') == 2


@pytest.mark.parametrize(
    ("code", "step", "field"),
    [
        ("address_taken", "addresses", "addresses--1"),
        ("no_free_address", "template", "template-"),
    ],
)
def test_a_refusal_that_names_no_field_leads_to_what_it_is_about(
    service: FakeServicevm,
    review: Browser,
    code: str,
    step: str,
    field: str,
) -> None:
    service.refuse_next("POST", "/v1/devices", 409, code, "It is taken.")
    review.go("create")
    assert review.step == step
    assert "It is taken." in review.html
    assert f'href="#{field}' in review.html


def test_a_template_that_is_refused_says_so_where_it_is_chosen(
    service: FakeServicevm, review: Browser, template: dict[str, Any]
) -> None:
    fields = {"$.device.template_id": "It is not for you."}
    service.refuse_next(
        "POST", "/v1/devices", 400, "invalid_field", "", fields
    )
    review.go("create")
    assert review.step == "template"
    assert f'href="#template-{template["id"]}"' in review.html
    assert review.html.count("It is not for you.") == 2
    review.go()
    assert review.step == "details"


def test_a_refusal_without_fields_is_shown_where_one_is(
    service: FakeServicevm, review: Browser
) -> None:
    sentence = "There is no room for it."
    service.refuse_next("POST", "/v1/devices", 409, "full", sentence)
    review.go("create")
    assert review.step == "review"
    assert sentence in review.html


def test_without_templates_one_is_told_whom_to_ask(
    member: django.test.Client,
) -> None:
    page = Browser(member, URL)
    assert page.html.count("There are no templates yet.") == 1
    assert "leaves no room" not in page.html


def test_the_steps_name_what_was_chosen_and_lead_back_to_it(
    member: django.test.Client, template: dict[str, Any]
) -> None:
    page = Browser(member, f"{URL}?template_id={template['id']}")
    page.go()
    assert page.step == "details"
    (change,) = [
        one
        for one in page.form.buttons
        if one.get("aria-label") == "Change: Template"
    ]
    page.go(change["value"], **{"details/name": "lb1"})
    assert page.step == "template"
    page.go()
    assert page.form.data()["details/name"] == ["lb1"]


def test_a_reader_is_sent_back(
    as_user: Callable[..., django.test.Client],
) -> None:
    answer = as_user("reader").get(URL)
    assert answer.status_code == 302
    assert answer.url == reverse("horizon:project:servicevm_devices:index")


def test_a_template_that_is_gone_is_chosen_again(
    service: FakeServicevm, review: Browser
) -> None:
    service.store.rows["device_templates"].clear()
    review.go("create")
    assert review.step == "template"
    assert "There are no templates yet" in review.html


def test_a_service_that_is_down_loses_nothing(
    service: FakeServicevm, review: Browser
) -> None:
    service.refuse_next("GET", "/v1/device-templates", 503, "down", "Down.")
    review.go("review")
    assert "Try again" in review.html
    assert review.step == "template"
    review.go("review")
    assert review.step == "review"
    assert "192.0.2.33" in review.html


def test_two_templates_of_one_name_are_told_apart_by_id(
    service: FakeServicevm, review: Browser, template: dict[str, Any]
) -> None:
    service.store.add("device_templates", {"name": "lb"})
    review.go("review")
    assert f"--template {template['id']}" in review.html


def test_more_inputs_than_a_server_takes_come_as_one(
    member: django.test.Client, template: dict[str, Any]
) -> None:
    page = Browser(member, URL)
    page.go(**{"template/id": template["id"]})
    data = page.form.filled(**{"details/name": "packed"})
    pairs = [[key, one] for key, values in data.items() for one in values]
    answer = member.post(URL, {"packed": json.dumps(pairs), "go": "next"})
    page.look(answer)
    assert page.step == "addresses"


@pytest.mark.parametrize("name", ["state", "packed"])
@pytest.mark.parametrize("text", ["[", "7", "[7]", '[["a"]]', '{"a": 1}'])
def test_a_hidden_input_that_is_not_ours_does_no_harm(
    member: django.test.Client,
    template: dict[str, Any],
    name: str,
    text: str,
) -> None:
    answer = member.post(URL, {name: text, "step": "details", "go": "next"})
    assert answer.status_code == 200


def test_who_is_logged_out_meanwhile_is_told_to_log_in(
    service: FakeServicevm, review: Browser
) -> None:
    service.refuse_next(
        "POST", "/v1/devices", 401, "unauthenticated", "Who are you?"
    )
    review.go("create")
    assert review.answer.status_code == 403
    assert "/auth/login" in review.html
