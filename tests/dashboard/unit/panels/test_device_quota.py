"""What a new device takes of the quotas, and where there is no room for it."""

from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.panels.wizard_browser import Browser

URL = reverse("horizon:project:servicevm_devices:create")


def test_over_the_quota_the_button_says_which_and_does_nothing(
    service: FakeServicevm,
    member: django.test.Client,
    template: dict[str, Any],
) -> None:
    service.quotas.limits["fake"] = {"vcpus": 1}
    page = Browser(member, URL)
    sentence = "vCPUs: 0 of 1 in use; this takes 2."
    assert sentence in page.html
    page.go(**{"template/id": template["id"]})
    assert page.step == "template"
    assert sentence in page.html


def test_a_quota_that_was_used_up_meanwhile_is_seen_at_the_end(
    service: FakeServicevm, review: Browser
) -> None:
    service.quotas.limits["fake"] = {"devices": 0}
    review.go("review")
    assert review.step == "template"
    assert "Devices: 0 of 0 in use; this takes 1." in review.html


def test_the_action_says_why_it_is_not_possible(
    service: FakeServicevm, member: django.test.Client
) -> None:
    service.quotas.limits["fake"] = {"devices": 0}
    index = reverse("horizon:project:servicevm_devices:index")
    text = member.get(index).content.decode()
    assert "Devices: 0 of 0 in use; this takes 1." in text
    assert "Create Device" in text


def test_where_the_quota_is_used_up_it_is_named_with_what_to_do(
    service: FakeServicevm,
    member: django.test.Client,
    template: dict[str, Any],
) -> None:
    service.store.add("device_templates", {**template, "id": "t2"})
    service.store.add("devices", {"name": "lb1"})
    service.quotas.limits["fake"] = {"devices": 1}
    page = Browser(member, URL)
    assert "The quota leaves no room for another device." in page.html
    # Once, not with each template.
    sentence = "Devices: 1 of 1 in use; this takes 1."
    assert page.html.count(sentence) == 1
    assert "Delete a device that is no longer needed" in page.html
    assert "or ask an administrator for a larger quota" in page.html
    # Where there is nothing to delete nobody is told to.
    service.quotas.limits["fake"] = {"devices": 0}
    page = Browser(member, URL)
    assert "Ask an administrator for a larger quota." in page.html
    assert "Delete a device" not in page.html


def test_a_template_that_is_too_large_says_so_on_its_card(
    service: FakeServicevm,
    member: django.test.Client,
    template: dict[str, Any],
) -> None:
    large = {"vcpus": 20, "memory_mib": 512}
    service.store.add(
        "device_templates",
        {**template, "id": "t2", "name": "xl", "infra_options": large},
    )
    service.quotas.limits["fake"] = {"vcpus": 4}
    page = Browser(member, URL)
    assert "leaves no room" not in page.html
    assert "vCPUs: 0 of 4 in use; this takes 20." in page.html
    assert [one["value"] for one in page.form.inputs["template/id"]] == [
        template["id"]
    ]


def test_what_a_device_takes_is_told_by_its_template_alone(
    service: FakeServicevm,
    member: django.test.Client,
    template: dict[str, Any],
) -> None:
    """Its driver, which knows, is nothing that members may look at."""
    template["infra_options"] = {}
    template["footprint"] = {"vcpus": 3, "ram_mib": 192}
    page = Browser(member, f"{URL}?template_id={template['id']}")
    assert "3 vCPUs" in page.html
    assert "192 MiB RAM" in page.html
    page.go()
    page.go(**{"details/name": "lb1"})
    page.go()
    assert page.step == "review"
    assert "0 of 20 in use; this takes 3." in page.html
    assert "this takes 192." in page.html
    asked = {path.partition("?")[0] for _method, path in service.requests}
    assert asked == {"/v1/device-templates", "/v1/quotas/own"}


@pytest.mark.parametrize(
    "footprint", [None, {"vcpus": None, "ram_mib": None}], ids=["no", "null"]
)
def test_what_nobody_knows_a_device_to_take_is_not_told(
    service: FakeServicevm,
    member: django.test.Client,
    template: dict[str, Any],
    footprint: Any,
) -> None:
    template["footprint"] = footprint
    service.quotas.limits["fake"] = {"vcpus": 0}
    page = Browser(member, f"{URL}?template_id={template['id']}")
    assert "vCPU" not in page.html
    assert "MiB RAM" not in page.html
    page.go()
    assert page.step == "details"


def test_where_nothing_can_be_chosen_one_can_not_go_on(
    service: FakeServicevm,
    member: django.test.Client,
    template: dict[str, Any],
) -> None:
    service.quotas.limits["fake"] = {"ram": 0}
    page = Browser(member, URL)
    (button,) = [
        one for one in page.form.buttons if "btn-primary" in one["class"]
    ]
    assert "disabled" in button
    assert button["aria-describedby"] in page.html
