"""Interfaces of a device: attached and detached, over HTTP to the service."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevm_dashboard import terminal
from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.html_form import HtmlForm
from tests.dashboard.unit.panels import world
from tests.dashboard.unit.panels.wizard_browser import Browser

AJAX = {"HTTP_X_REQUESTED_WITH": "XMLHttpRequest"}
PANEL = "horizon:project:servicevm_devices"


def tab(client: django.test.Client, row: world.Json) -> str:
    """The interfaces, as they are read again."""
    url = reverse(f"{PANEL}:detail", args=[row["id"]])
    answer = client.get(f"{url}?fragment=interfaces", **AJAX)
    return str(answer.json()["html"])


def attach(row: world.Json) -> str:
    return reverse(f"{PANEL}:attach", args=[row["id"]])


def detach(row: world.Json, index: int) -> str:
    return reverse(f"{PANEL}:detach", args=[row["id"], index])


def back(row: world.Json) -> str:
    url = reverse(f"{PANEL}:detail", args=[row["id"]])
    return f"{url}?tab=device__interfaces"


def told(client: django.test.Client, answer: Any) -> list[str]:
    """What the page that it leads to says."""
    shown = client.get(answer["Location"])
    return [str(one) for one in shown.context["messages"]]


def changed(service: FakeServicevm) -> list[str]:
    """What was asked for besides looks."""
    return [one for one in world.calls(service) if not one.startswith("GET ")]


@pytest.fixture
def device(service: FakeServicevm) -> world.Json:
    """With two interfaces, of which one can be done without."""
    return world.device(service)


# -- the way there ----------------------------------------------------------


def test_the_interfaces_lead_to_one_more_and_to_each_ones_end(
    member: django.test.Client, device: world.Json
) -> None:
    html = tab(member, device)
    assert f'href="{attach(device)}"' in html
    assert f'href="{detach(device, 1)}"' in html
    # One without which the device is lost stays, and says so.
    why = "Without it the device could not be managed any more."
    assert html.count(f'data-servicevm-why="{why}"') == 1


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("PENDING_CREATE", "It is still being built."),
        ("PENDING_UPDATE", "It is being changed: wait until that is done."),
        ("PENDING_DELETE", "It is being deleted."),
        ("ERROR", "It failed: repair or delete it first."),
    ],
)
def test_a_device_that_is_not_active_says_why_nothing_can_be_changed(
    member: django.test.Client,
    service: FakeServicevm,
    device: world.Json,
    status: str,
    why: str,
) -> None:
    page = Browser(member, attach(device))
    device["provisioning_status"] = status
    assert tab(member, device).count(f'data-servicevm-why="{why}"') == 2
    # So does the page, though it was open before.
    page.go(**{"interface/network": "net-1"})
    assert page.step == "interface"
    assert why in page.html
    assert page.form.buttons[-1].keys() >= {"disabled"}
    answer = member.post(
        detach(device, 1), {"mac": device["interfaces"][1]["mac"]}
    )
    assert why in answer.content.decode()
    assert changed(service) == []


def test_a_driver_that_can_not_says_so_before_anything_is_filled_in(
    member: django.test.Client, service: FakeServicevm
) -> None:
    template = world.template(service)
    template |= {"infra_driver": "qemu", "capabilities": {}}
    template["capabilities"] = {"attach_interface": False}
    row = world.device(service, template_id=template["id"])
    why = "Devices of this kind keep their interfaces: Virtual machine (QEMU)."
    assert tab(member, row).count(f'data-servicevm-why="{why}"') == 3
    assert why in Browser(member, attach(row)).html
    assert why in member.get(detach(row, 1)).content.decode()


def test_where_the_template_can_not_be_read_the_service_has_the_last_word(
    member: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    with service.failing("GET /v1/device-templates"):
        html = tab(member, device)
    assert "keep their interfaces" not in html
    assert f'href="{attach(device)}"' in html


def test_the_last_one_that_a_device_with_services_has_stays(
    member: django.test.Client, device: world.Json
) -> None:
    device["slots"] = {"total": 2, "used": 1}
    why = "It is the last one for this, and the device has services"
    assert why in tab(member, device)
    more = {**device["interfaces"][1], "index": 2, "mac": "52:54:00:00:00:99"}
    device["interfaces"] = [*device["interfaces"], more]
    assert why not in tab(member, device)


def test_a_device_that_has_as_many_as_there_can_be_gets_no_more(
    member: django.test.Client, device: world.Json
) -> None:
    one = device["interfaces"][1]
    device["interfaces"] = [
        {**one, "index": index, "mac": f"52:54:00:00:01:{index:02x}"}
        for index in range(16)
    ]
    why = "It has 16 interfaces, and can have no more."
    assert why in tab(member, device)
    assert why in Browser(member, attach(device)).html


def test_who_may_not_is_neither_led_there_nor_let_in(
    as_user: Callable[..., django.test.Client],
    service: FakeServicevm,
    device: world.Json,
) -> None:
    reader = as_user("reader")
    html = tab(reader, device)
    assert "attach/" not in html
    assert "detach/" not in html
    for url in (attach(device), detach(device, 1)):
        for method in (reader.get, reader.post):
            sentences = told(reader, method(url))
            assert sentences == ["You are not allowed to do that."]
    assert changed(service) == []


def test_what_is_under_way_is_not_told_to_be_retried(
    member: django.test.Client, device: world.Json
) -> None:
    device["interfaces"][1]["attached"] = False
    assert "retry the operation" in tab(member, device)
    device["provisioning_status"] = "PENDING_UPDATE"
    html = tab(member, device)
    assert "It is being attached or detached." in html
    assert "retry the operation" not in html


# -- one more ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("filled", "wishes"),
    [
        ({"network": "net-1"}, {"role": "ingress", "network": "net-1"}),
        (
            {
                "role": "egress",
                "network": "net-1",
                "subnet": "sub-1",
                "address": "2001:db8::7",
            },
            {
                "role": "egress",
                "network": "net-1",
                "subnet": "sub-1",
                "address": "2001:db8::7",
            },
        ),
        ({"port": "port-1"}, {"role": "ingress", "port": "port-1"}),
    ],
    ids=["network", "all of it", "port"],
)
def test_the_way_to_one_more(
    member: django.test.Client,
    service: FakeServicevm,
    device: world.Json,
    filled: Mapping[str, str],
    wishes: Mapping[str, str],
) -> None:
    page = Browser(member, attach(device))
    page.go(**{f"interface/{key}": one for key, one in filled.items()})
    assert page.step == "review"
    line = terminal.attach_interface("edge", wishes)
    assert line.startswith("openstack servicevm device interface attach")
    assert line.splitlines()[0] in page.html
    page.go("create")
    assert page.answer["Location"] == back(device)
    plugged = device["interfaces"][-1]
    assert plugged.items() >= wishes.items()
    assert plugged["index"] == 2
    assert told(member, page.answer) == ["Attaching an interface to edge."]


def test_networks_are_chosen_by_name_where_neutron_has_them(
    as_user: Callable[..., django.test.Client], device: world.Json
) -> None:
    page = Browser(as_user("member", neutron=True), attach(device))
    web = "11111111-0000-4000-8000-000000000000"
    assert f'<option value="{web}">web</option>' in page.html
    page.go(**{"interface/network": web})
    assert "<dd>web</dd>" in page.html
    page.go("create")
    assert device["interfaces"][-1]["network"] == web


def test_roles_that_the_device_has_can_be_had_again_but_for_managing_it(
    member: django.test.Client, device: world.Json
) -> None:
    device["interfaces"][1]["role"] = "storage"
    html = Browser(member, attach(device)).html
    for role in ("ingress", "egress", "storage"):
        assert f'<option value="{role}"' in html
    assert '<option value="mgmt"' not in html


@pytest.mark.parametrize(
    ("filled", "field", "sentence"),
    [
        ({}, "network", "Choose a network, or name a port."),
        (
            {"network": "n", "port": "p"},
            "network",
            "The port says it: leave this empty.",
        ),
        (
            {"port": "p", "address": "192.0.2.9"},
            "address",
            "The port says it: leave this empty.",
        ),
        (
            {"port": "p", "subnet": "s"},
            "subnet",
            "The port says it: leave this empty.",
        ),
        ({"network": "a b"}, "network", "It must be the id of a network."),
        (
            {"network": "n", "address": "192.0.2.300"},
            "address",
            "It must be an IPv4 or IPv6 address.",
        ),
    ],
)
def test_what_can_not_be_is_told_next_to_its_field(
    member: django.test.Client,
    service: FakeServicevm,
    device: world.Json,
    filled: Mapping[str, str],
    field: str,
    sentence: str,
) -> None:
    page = Browser(member, attach(device))
    page.go(**{f"interface/{key}": one for key, one in filled.items()})
    assert page.step == "interface"
    assert sentence in page.html
    (found,) = page.form.inputs[f"interface/{field}"]
    assert found["aria-invalid"] == "true"
    assert changed(service) == []


@pytest.mark.parametrize(
    ("code", "fields", "field"),
    [
        (
            "invalid_field",
            {"$.interface.address": "It is not one of the subnet."},
            "address",
        ),
        ("address_taken", {}, "address"),
        ("no_free_address", {}, "network"),
    ],
)
def test_what_the_service_refuses_is_shown_next_to_the_field(
    member: django.test.Client,
    service: FakeServicevm,
    device: world.Json,
    code: str,
    fields: dict[str, str],
    field: str,
) -> None:
    page = Browser(member, attach(device))
    page.go(**{"interface/network": "n", "interface/address": "192.0.2.9"})
    service.refuse_next(
        "POST",
        f"/v1/devices/{device['id']}/interfaces",
        409,
        code,
        "It is not to be.",
        fields,
    )
    page.go("create")
    assert page.step == "interface"
    (found,) = page.form.inputs[f"interface/{field}"]
    assert found["aria-invalid"] == "true"
    assert next(iter(fields.values()), "It is not to be.") in page.html
    page.go()
    page.go("create")
    assert page.answer["Location"] == back(device)


def test_a_device_that_has_a_namesake_is_told_by_its_id(
    member: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    world.device(service, device["name"])
    page = Browser(member, attach(device))
    page.go(**{"interface/network": "n"})
    (line,) = re.findall('<pre id="servicevm-term[^>]*>([^<]*)<', page.html)
    assert line.endswith(f" {device['id']}")


# -- one less ---------------------------------------------------------------


def test_the_way_to_one_less(
    member: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    html = member.get(detach(device, 1)).content.decode()
    assert "192.0.2.2" in html
    assert "openstack servicevm device interface detach edge 1" in html
    answer = member.post(detach(device, 1), HtmlForm(html).data())
    assert answer["Location"] == back(device)
    assert [one["index"] for one in device["interfaces"]] == [0]
    assert told(member, answer) == ["Detaching an interface from edge."]


def test_another_one_that_has_its_index_by_now_stays(
    member: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    html = member.get(detach(device, 1)).content.decode()
    device["interfaces"][1]["mac"] = "52:54:00:00:00:77"
    answer = member.post(detach(device, 1), HtmlForm(html).data())
    assert changed(service) == []
    assert len(device["interfaces"]) == 2
    (sentence,) = told(member, answer)
    assert "Nothing was detached." in sentence


def test_one_that_is_gone_is_told_to_be(
    member: django.test.Client, device: world.Json
) -> None:
    answer = member.get(detach(device, 7))
    assert answer["Location"] == back(device)
    assert told(member, answer) == ["This interface is gone."]


def test_a_refusal_is_shown_with_what_to_do_and_can_be_tried_again(
    member: django.test.Client, service: FakeServicevm, device: world.Json
) -> None:
    html = member.get(detach(device, 1)).content.decode()
    service.refuse_next(
        "DELETE",
        f"/v1/devices/{device['id']}/interfaces/1",
        409,
        "in_use",
        "It is the last ingress interface.",
    )
    answer = member.post(detach(device, 1), HtmlForm(html).data())
    refused = answer.content.decode()
    assert "It is the last ingress interface." in refused
    assert "Delete what uses it first." in refused
    answer = member.post(detach(device, 1), HtmlForm(refused).data())
    assert answer["Location"] == back(device)


@pytest.mark.parametrize("url", [attach, lambda row: detach(row, 1)])
def test_a_device_that_is_gone_leads_to_the_list(
    member: django.test.Client,
    service: FakeServicevm,
    device: world.Json,
    url: Callable[[world.Json], str],
) -> None:
    del service.store.rows["devices"][device["id"]]
    answer = member.get(url(device))
    assert answer["Location"] == reverse(f"{PANEL}:index")


@pytest.mark.parametrize("url", [attach, lambda row: detach(row, 1)])
def test_who_is_logged_out_meanwhile_is_told_to_log_in(
    member: django.test.Client,
    service: FakeServicevm,
    device: world.Json,
    url: Callable[[world.Json], str],
) -> None:
    service.refuse_next(
        "GET",
        f"/v1/devices/{device['id']}",
        401,
        "unauthenticated",
        "Who are you?",
    )
    answer = member.get(url(device))
    assert answer.status_code == 403
    assert "/auth/login" in answer.content.decode()
