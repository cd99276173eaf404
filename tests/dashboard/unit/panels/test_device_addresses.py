"""Which addresses a new device can be given, in the step that asks."""

from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit import conftest
from tests.dashboard.unit.panels.wizard_browser import Browser

URL = reverse("horizon:project:servicevm_devices:create")


@pytest.fixture
def step(member: django.test.Client, template: dict[str, Any]) -> Browser:
    """The step, with everything before it filled in."""
    page = Browser(member, URL)
    page.go(**{"template/id": template["id"]})
    page.go(**{"details/name": "lb1"})
    assert page.step == "addresses"
    return page


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("192.0.2.300", "It must be an IPv4 address"),
        ("198.51.100.7", "It must be an address in 192.0.2.0/24."),
        ("192.0.2.0", "The first and the last of 192.0.2.0/24"),
        ("192.0.2.255", "The first and the last of 192.0.2.0/24"),
        ("192.0.2.1", "The gateway has this address."),
    ],
    ids=["none", "elsewhere", "first", "last", "gateway"],
)
def test_an_address_that_can_not_be_is_refused_in_its_step(
    step: Browser, template: dict[str, Any], text: str, sentence: str
) -> None:
    template["interfaces"][1]["gateway"] = "192.0.2.1"
    step.go(**{"addresses/1": text})
    assert step.step == "addresses"
    assert sentence in step.html
    assert 'href="#addresses--1"' in step.html
    address = step.form.inputs["addresses/1"][0]
    assert address["aria-invalid"] == "true"
    assert address["value"] == text
    step.go(**{"addresses/1": "192.0.2.200"})
    assert step.step == "review"


@pytest.mark.parametrize(
    ("text", "step_after"),
    [("2001:db8::", "review"), ("2001:db9::1", "addresses")],
)
def test_of_ipv6_every_address_of_the_network_can_be(
    step: Browser, template: dict[str, Any], text: str, step_after: str
) -> None:
    template["interfaces"][1]["cidr"] = "2001:db8::/64"
    step.go("back")
    step.go()
    step.go(**{"addresses/1": text})
    assert step.step == step_after


def test_two_interfaces_of_a_network_have_two_addresses(
    member: django.test.Client, template: dict[str, Any]
) -> None:
    template["interfaces"] = [
        {"role": role, "network": "b", "cidr": "198.51.100.0/24"}
        for role in ("ingress", "egress")
    ]
    page = Browser(member, URL)
    page.go(**{"template/id": template["id"]})
    page.go(**{"details/name": "lb1"})
    page.go(**{"addresses/0": "198.51.100.8", "addresses/1": "198.51.100.8"})
    assert page.step == "addresses"
    assert "Another interface of this device has it." in page.html
    page.go(**{"addresses/1": "198.51.100.9"})
    assert page.step == "review"


def test_of_two_interfaces_of_a_role_the_first_gets_its_address_first(
    member: django.test.Client, template: dict[str, Any]
) -> None:
    inner = {"role": "egress", "network": "b", "cidr": "198.51.100.0/24"}
    template["interfaces"] = [inner, inner]
    page = Browser(member, URL)
    page.go(**{"template/id": template["id"]})
    page.go(**{"details/name": "lb1"})
    page.go(**{"addresses/1": "198.51.100.9"})
    assert page.step == "addresses"
    assert "Choose one for the first of this role" in page.html
    page.go(**{"addresses/0": "198.51.100.8"})
    assert page.step == "review"


# -- networks that the template leaves open ---------------------------------

ANY = "22222222-0000-4000-8000-000000000000"


def opened(
    browser: django.test.Client, template: dict[str, Any], *others: Any
) -> Browser:
    """The step, where the template leaves the network open."""
    template["interfaces"] = [{"role": "ingress"}, *others]
    page = Browser(browser, URL)
    assert "Incoming traffic: a network of your choice" in page.html
    page.go(**{"template/id": template["id"]})
    page.go(**{"details/name": "lb1"})
    assert page.step == "addresses"
    return page


def test_a_network_that_is_open_is_asked_for_by_id_without_neutron(
    member: django.test.Client,
    service: FakeServicevm,
    template: dict[str, Any],
) -> None:
    page = opened(member, template, template["interfaces"][1])
    page.go()
    assert page.step == "addresses"
    assert "This field is required." in page.html
    page.go(**{"addresses/0/network": ANY, "addresses/0/address": "x"})
    assert page.step == "addresses"
    page.go(**{"addresses/0/address": "", "addresses/1": "192.0.2.33"})
    assert page.step == "review"
    line = " ".join(page.html.replace("\\\n", " ").split())
    assert f"--interface role=ingress,network={ANY}" in line
    page.go("create")
    (made,) = service.store.rows["devices"].values()
    assert made["interfaces"] == [
        {"role": "ingress", "network": ANY},
        {"role": "ingress", "address": "192.0.2.33"},
    ]


def test_a_network_that_is_open_is_chosen_of_neutrons_by_name(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    template: dict[str, Any],
) -> None:
    member = as_user("member", "reader", neutron=True)
    page = opened(member, template)
    web, data = (one["id"] for one in conftest.NETWORKS)
    for text in (f'<option value="{web}">web', f'<option value="{data}">data'):
        assert text in page.html.replace(" selected", "")
    page.go(**{"addresses/0/network": web, "addresses/0/address": "10.0.0.9"})
    assert page.step == "review"
    assert "<dd>web, 10.0.0.9</dd>" in page.html
    page.go("create")
    (made,) = service.store.rows["devices"].values()
    assert made["interfaces"] == [
        {"role": "ingress", "network": web, "address": "10.0.0.9"}
    ]


def test_what_the_service_says_of_a_network_is_told_at_it(
    member: django.test.Client,
    service: FakeServicevm,
    template: dict[str, Any],
) -> None:
    page = opened(member, template)
    page.go(**{"addresses/0/network": ANY})
    fields = {"$.device.interfaces[0].network": "There is no such network."}
    service.refuse_next(
        "POST", "/v1/devices", 400, "invalid_field", "The body: ...", fields
    )
    page.go("create")
    assert page.step == "addresses"
    network = page.form.inputs["addresses/0/network"][0]
    assert network["aria-invalid"] == "true"
    assert "There is no such network." in page.html
