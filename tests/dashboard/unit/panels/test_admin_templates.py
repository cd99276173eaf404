"""An administrator's templates, over HTTP to the service."""

import re
from collections.abc import Callable
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.html_form import HtmlForm
from tests.dashboard.unit.panels.wizard_browser import Browser

INDEX = reverse("horizon:admin:servicevm_templates:index")
CREATE = reverse("horizon:admin:servicevm_templates:create")

QEMU = {
    "name": "qemu",
    "kind": "infra",
    "options_schema": {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "memory_mib": {
                "type": "integer",
                "minimum": 96,
                "default": 192,
                "description": "Memory of the virtual machine, in MiB.",
            }
        },
    },
}


@pytest.fixture
def admin(
    as_user: Callable[..., django.test.Client], service: FakeServicevm
) -> django.test.Client:
    service.store.add("drivers", QEMU)
    service.store.add("service_types", {"name": "loadbalancer", "slots": 1})
    return as_user("admin", "member", "reader")


@pytest.fixture
def template(service: FakeServicevm) -> Any:
    return service.store.add(
        "device_templates",
        {
            "name": "lb",
            "infra_driver": "qemu",
            "infra_options": {"memory_mib": 256},
            "mgmt_driver": "noop",
            "interfaces": [{"role": "ingress", "network": "user"}],
            "service_types": ["loadbalancer"],
            "slots": 4,
            "healing": {"ladder": [], "attempts": 3},
        },
    )


def test_the_way_to_a_template(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    page = Browser(admin, CREATE)
    page.go(**{"details/name": "lb", "details/description": "Four."})
    page.go(**{"drivers/infra_driver": "qemu", "drivers/mgmt_driver": "noop"})
    assert "Memory of the virtual machine, in MiB." in page.html
    page.go(**{"options/infra_options/memory_mib": "512"})
    page.go(
        "create",
        **{
            "hosting/interfaces": "0",
            "hosting/interfaces/0/role": "ingress",
            "hosting/interfaces/0/network": "bridge:br0",
            "hosting/interfaces/0/cidr": "192.0.2.0/24",
            "hosting/service_types/loadbalancer": "true",
            "hosting/slots": "4",
            "hosting/healing/ladder": "rebuild",
            "hosting/healing/after": "30",
        },
    )
    assert page.answer.status_code == 302, page.html
    (made,) = service.store.rows["device_templates"].values()
    assert page.answer.url.endswith(
        f"/admin/servicevm_templates/{made['id']}/"
    )
    assert made["infra_driver"] == "qemu"
    assert made["infra_options"] == {"memory_mib": 512}
    assert made["interfaces"] == [
        {"role": "ingress", "network": "bridge:br0", "cidr": "192.0.2.0/24"}
    ]
    assert made["service_types"] == ["loadbalancer"]
    assert made["slots"] == 4
    ladder = ["resync", "restart", "rebuild"]
    assert made["healing"] == {"ladder": ladder, "after": 30}


def test_what_is_for_trials_is_not_what_is_chosen_at_first(
    admin: django.test.Client, service: FakeServicevm
) -> None:
    schema = {"type": "object", "properties": {}}
    for name, kind in (("noop", "infra"), ("zebra", "infra")):
        row = {"name": name, "kind": kind, "options_schema": schema}
        service.store.add("drivers", row)
    page = Browser(admin, CREATE)
    page.go(**{"details/name": "lb"})
    found = re.findall(r'<option value="([a-z]+)"', page.html)
    assert found.index("noop") > found.index("qemu")
    assert found.index("noop") > found.index("zebra")


@pytest.mark.parametrize(
    ("path", "step", "field"),
    [
        ("name", "details", "details--name"),
        ("infra_driver", "drivers", "drivers--infra_driver"),
        (
            "infra_options.memory_mib",
            "options",
            "options--infra_options--memory_mib",
        ),
        (
            "interfaces[0].cidr",
            "hosting",
            "hosting--interfaces--0--cidr",
        ),
        ("slots", "hosting", "hosting--slots"),
        ("healing.after", "hosting", "hosting--healing--after"),
        ("unheard_of", "hosting", ""),
    ],
)
def test_what_the_service_refuses_is_shown_in_the_step_it_is_about(
    admin: django.test.Client,
    service: FakeServicevm,
    path: str,
    step: str,
    field: str,
) -> None:
    page = Browser(admin, CREATE)
    page.go(**{"details/name": "lb"})
    page.go(**{"drivers/infra_driver": "qemu", "drivers/mgmt_driver": "noop"})
    page.go(**{"options/infra_options/memory_mib": "512"})
    service.refuse_next(
        "POST",
        "/v1/device-templates",
        400,
        "invalid_field",
        "No.",
        {f"$.device_template.{path}": "It does not do."},
    )
    page.go(
        "create",
        **{
            "hosting/interfaces": "0",
            "hosting/interfaces/0/role": "ingress",
            "hosting/interfaces/0/network": "bridge:br0",
            "hosting/interfaces/0/cidr": "192.0.2.0/24",
        },
    )
    assert page.step == step
    assert "It does not do." in page.html
    assert f'href="#{field}"' in page.html or not field


def test_an_edit_that_changes_nothing_asks_for_nothing(
    admin: django.test.Client, service: FakeServicevm, template: Any
) -> None:
    url = reverse(
        "horizon:admin:servicevm_templates:edit", args=[template["id"]]
    )
    form = HtmlForm(admin.get(url).content.decode())
    answer = admin.post(url, form.data())
    assert answer.status_code == 302
    assert "PATCH" not in {method for method, _path in service.requests}


def test_an_edit_that_lacks_the_drivers_says_so(
    admin: django.test.Client, service: FakeServicevm, template: Any
) -> None:
    url = reverse(
        "horizon:admin:servicevm_templates:edit", args=[template["id"]]
    )
    sent = HtmlForm(admin.get(url).content.decode()).data()
    with service.failing("GET /v1/drivers", 503, "unavailable", "Not now."):
        asked = admin.get(url, follow=True)
        saved = admin.post(url, sent, follow=True)
    for answer in (asked, saved):
        assert answer.status_code == 200
        assert "Not now." in answer.content.decode()


def test_an_edit_sends_what_was_changed(
    admin: django.test.Client, service: FakeServicevm, template: Any
) -> None:
    url = reverse(
        "horizon:admin:servicevm_templates:edit", args=[template["id"]]
    )
    form = HtmlForm(admin.get(url).content.decode())
    changed = form.filled(**{"options/infra_options/memory_mib": "1024"})
    assert admin.post(url, changed).status_code == 302
    row = service.store.rows["device_templates"][template["id"]]
    assert row["infra_options"] == {"memory_mib": 1024}
    assert row["slots"] == 4


def test_one_in_use_says_why_it_can_not_be_deleted(
    admin: django.test.Client, service: FakeServicevm, template: Any
) -> None:
    service.store.add(
        "devices",
        {"name": "d", "project_id": "p-blue", "template_id": template["id"]},
    )
    text = admin.get(INDEX).content.decode()
    assert "1 device is made of it: delete that first." in text
    action = {"action": f"templates__delete__{template['id']}"}
    answer = admin.post(INDEX, action)
    assert answer.status_code == 302
    assert template["id"] in service.store.rows["device_templates"]


def test_one_that_nothing_uses_is_deleted(
    admin: django.test.Client, service: FakeServicevm, template: Any
) -> None:
    action = {"action": f"templates__delete__{template['id']}"}
    assert admin.post(INDEX, action).status_code == 302
    assert service.store.rows["device_templates"] == {}


def test_an_index_takes_two_calls(
    admin: django.test.Client, service: FakeServicevm, template: Any
) -> None:
    admin.get(INDEX)
    assert len(service.requests) == 2
