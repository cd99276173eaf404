"""Edit Device and Edit Service, with somebody else at it as well."""

import re
from html import unescape
from typing import Any

import django.test
import pytest
from django.urls import reverse

from servicevmclient.testing import FakeServicevm
from tests.dashboard.unit.html_form import HtmlForm
from tests.dashboard.unit.schema_form.test_form import FIREWALL

COMMAND = re.compile(r'<pre id="servicevm-terminal"[^>]*>([^<]*)</pre>')
CONFIG = {
    "policy": "drop",
    "zones": [{"name": "lan", "unheard of": [1]}],
    "rules": [{"zone": "lan", "port": 80}],
}


@pytest.fixture
def device(service: FakeServicevm) -> dict[str, Any]:
    return service.store.add(
        "devices",
        {"name": "fw1", "tags": ["a", "b"], "properties": {"rack": "1"}},
    )


@pytest.fixture
def firewall(service: FakeServicevm, device: dict[str, Any]) -> dict[str, Any]:
    service.store.add(
        "service_types", {"name": "firewall", "config_schema": FIREWALL}
    )
    return service.store.add(
        "services",
        {
            "name": "outer",
            "device_id": device["id"],
            "service_type": "firewall",
            "config": CONFIG,
        },
    )


class Editor:
    """The page in a browser."""

    def __init__(
        self, client: django.test.Client, panel: str, row: dict[str, Any]
    ) -> None:
        self.client = client
        self.url = reverse(
            f"horizon:project:servicevm_{panel}:edit", args=[row["id"]]
        )
        self.look(client.get(self.url))

    def look(self, answer: Any) -> None:
        self.answer = answer
        self.html = answer.content.decode()
        self.form = HtmlForm(self.html)

    def save(self, **changes: Any) -> None:
        data = self.form.filled(**changes)
        self.look(self.client.post(self.url, data))


def told(page: Editor) -> list[str]:
    """What the page that it leads to says."""
    answer = page.client.get(page.answer["Location"])
    return [str(one) for one in answer.context["messages"]]


def patches(service: FakeServicevm) -> int:
    return sum(method == "PATCH" for method, _path in service.requests)


def test_what_was_changed_is_shown_as_a_command_line_and_not_sent(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    page = Editor(member, "devices", device)
    page.save(preview="1")
    assert "Nothing was changed." in page.html
    page.save(**{"details/tags": "b", "preview": "1"})
    assert unescape(COMMAND.search(page.html)[1]).split() == [
        *"openstack servicevm device set --no-tag --tag b".split(),
        *(["\\"] if "\\" in page.html else []),
        device["id"],
    ]
    assert not patches(service)
    # It is still there to be saved, also where nothing more is changed.
    page.save()
    assert page.answer.status_code == 302
    assert device["tags"] == ["b"]


def test_a_config_that_does_not_fit_is_no_command_line(
    member: django.test.Client, firewall: dict[str, Any]
) -> None:
    page = Editor(member, "services", firewall)
    page.save(**{"details/name": "", "preview": "1"})
    assert "has-error" in page.html
    assert not COMMAND.search(page.html)
    page = Editor(member, "services", firewall)
    page.save(**{"config/policy": "accept", "preview": "1"})
    shown = unescape(COMMAND.search(page.html)[1])
    assert shown.startswith("openstack servicevm service set --config - ")
    assert '"policy": "accept"' in shown


def test_what_was_changed_is_sent_and_nothing_else(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    page = Editor(member, "devices", device)
    assert page.form.data()["details/tags"] == ["a, b"]
    # Meanwhile somebody else changes something else.
    device["description"] = "theirs"
    page.save(**{"details/tags": "b, c"})
    assert page.answer.status_code == 302
    assert device["tags"] == ["b", "c"]
    assert device["description"] == "theirs"
    assert device["properties"] == {"rack": "1"}
    assert told(page) == ["fw1 was changed: Tags"]


def test_nothing_is_sent_where_nothing_was_changed(
    member: django.test.Client,
    service: FakeServicevm,
    firewall: dict[str, Any],
) -> None:
    page = Editor(member, "services", firewall)
    page.save()
    assert page.answer.status_code == 302
    assert patches(service) == 0


def test_a_configuration_is_changed_in_its_form(
    member: django.test.Client,
    service: FakeServicevm,
    firewall: dict[str, Any],
) -> None:
    page = Editor(member, "services", firewall)
    page.save(**{"config/rules/0/port": "8080"})
    assert page.answer.status_code == 302
    assert firewall["config"] == {
        **CONFIG,
        "rules": [{"zone": "lan", "port": 8080}],
    }
    assert told(page) == ["outer was changed: Rule 1, Port"]


def test_what_others_changed_is_not_overwritten_unseen(
    member: django.test.Client,
    service: FakeServicevm,
    firewall: dict[str, Any],
) -> None:
    page = Editor(member, "services", firewall)
    theirs = {**CONFIG, "rules": [{"zone": "lan", "port": 81}]}
    firewall["config"] = theirs
    page.save(**{"config/rules/0/port": "8080"})
    assert page.answer.status_code == 200
    assert firewall["config"] == theirs
    assert "Somebody else changed the same" in page.html
    row = page.html[page.html.index("Rule 1, Port") :]
    assert row.index(">81<") < row.index(">8080<")
    page.save()
    assert page.answer.status_code == 302
    assert firewall["config"]["rules"][0]["port"] == 8080


def test_a_state_that_changes_meanwhile_is_no_contradiction(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    page = Editor(member, "devices", device)
    service.refuse_next(
        "PATCH",
        f"/v1/devices/{device['id']}",
        412,
        "precondition_failed",
        "It changed.",
    )
    page.save(**{"details/name": "fw2"})
    assert page.answer.status_code == 302
    assert device["name"] == "fw2"


def test_what_the_service_refuses_is_shown_next_to_the_field(
    member: django.test.Client,
    service: FakeServicevm,
    firewall: dict[str, Any],
) -> None:
    page = Editor(member, "services", firewall)
    service.refuse_next(
        "PATCH",
        f"/v1/services/{firewall['id']}",
        400,
        "config_invalid",
        "No.",
        {"$.service.config.rules[0].port": "It is taken."},
    )
    page.save(**{"config/rules/0/port": "8080"})
    port = page.form.inputs["config/rules/0/port"][0]
    assert (port["aria-invalid"], port["value"]) == ("true", "8080")
    assert "It is taken." in page.html
    page.save(**{"config/rules/0/port": "8081"})
    assert page.answer.status_code == 302


def test_a_port_that_another_service_has_is_told_next_to_its_field(
    member: django.test.Client,
    service: FakeServicevm,
    firewall: dict[str, Any],
) -> None:
    page = Editor(member, "services", firewall)
    sentence = "Service web of the same device has TCP port 8080."
    service.refuse_next(
        "PATCH",
        f"/v1/services/{firewall['id']}",
        409,
        "port_taken",
        "The config: ...",
        {"$.service.config.rules[0].port": sentence},
    )
    page.save(**{"config/rules/0/port": "8080"})
    port = page.form.inputs["config/rules/0/port"][0]
    assert (port["aria-invalid"], port["value"]) == ("true", "8080")
    assert page.html.count(sentence) == 2


@pytest.mark.parametrize(
    "base",
    [
        None,
        "",
        "[",
        "7",
        '{"name": 7}',
        '{"name": 7, "description": [], "tags": 7, "properties": "x"}',
    ],
)
@pytest.mark.parametrize("panel", ["devices", "services"])
def test_what_was_tampered_with_saves_nothing_and_begins_again(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
    firewall: dict[str, Any],
    panel: str,
    base: str | None,
) -> None:
    row = device if panel == "devices" else firewall
    page = Editor(member, panel, row)
    page.save(**{"base": base, "details/name": "mine"})
    assert page.answer.status_code == 200
    assert "does not belong to this page" in page.html
    assert page.form.data()["details/name"] == [row["name"]]
    assert patches(service) == 0
    page.save(**{"details/name": "mine"})
    assert page.answer.status_code == 302
    assert row["name"] == "mine"


def test_what_another_page_was_opened_with_is_of_no_use(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    other = service.store.add("devices", {"name": "fw9"})
    theirs = Editor(member, "devices", other).form.data()["base"]
    page = Editor(member, "devices", device)
    page.save(**{"base": theirs, "details/name": "mine"})
    assert "does not belong to this page" in page.html
    assert patches(service) == 0


def test_what_belongs_to_a_service_of_the_cloud_is_not_edited(
    member: django.test.Client,
    firewall: dict[str, Any],
) -> None:
    firewall["managed_by"] = "neutron"
    page = Editor(member, "services", firewall)
    assert page.answer.status_code == 302


def test_who_is_logged_out_meanwhile_is_told_to_log_in(
    member: django.test.Client,
    service: FakeServicevm,
    device: dict[str, Any],
) -> None:
    page = Editor(member, "devices", device)
    service.refuse_next(
        "PATCH",
        f"/v1/devices/{device['id']}",
        401,
        "unauthenticated",
        "Who are you?",
    )
    page.save(**{"details/name": "fw2"})
    assert page.answer.status_code == 403
    assert "/auth/login" in page.html
