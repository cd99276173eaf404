"""Services that another service of the cloud owns: ``managed_by``."""

from typing import Any

import pytest

from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.policy.personas import (
    OTHER,
    World,
    as_,
    ask,
    service_body,
)

NEUTRON = as_("service", "service", "neutron")
OCTAVIA = as_("service", "service", "octavia")


@pytest.fixture
def owned(world: World) -> str:
    """A service of neutron's on the project's device."""
    made = ask(
        world.api,
        "POST",
        "/v1/services",
        NEUTRON,
        service_body(world.device, managed_by="neutron", project_id="mine"),
    )
    assert made.status_code == 202, made.text
    service = made.json["service"]
    assert service["managed_by"] == "neutron"
    assert service["project_id"] == "mine"
    requests.become(
        models.Service,
        service["id"],
        provisioning_status="ACTIVE",
        observed_generation=1,
    )
    return str(service["id"])


def _changes(world: World, service: str) -> list[tuple[str, str, Any]]:
    shown = ask(
        world.api, "GET", f"/v1/services/{service}", as_("admin")
    ).json["service"]
    return [
        ("PATCH", f"/v1/services/{service}", {"service": {"name": "n"}}),
        ("POST", f"/v1/services/{service}/actions/stats", {}),
        ("POST", f"/v1/operations/{shown['operation_id']}/cancel", None),
        ("POST", f"/v1/devices/{world.device}/reboot", {"reboot": {}}),
        ("DELETE", f"/v1/services/{service}", None),
        ("DELETE", f"/v1/devices/{world.device}", None),
    ]


@pytest.mark.parametrize(
    "headers",
    [as_("member"), as_("manager"), as_("member", user="maker"), OCTAVIA],
    ids=["member", "manager", "the device's maker", "another service"],
)
def test_its_project_sees_but_does_not_change_it(
    world: World,
    owned: str,
    headers: dict[str, str],
) -> None:
    shown = ask(world.api, "GET", f"/v1/services/{owned}", headers)
    assert shown.json["service"]["managed_by"] == "neutron"
    for method, path, body in _changes(world, owned):
        answer = ask(world.api, method, path, headers, body)
        error = requests.refused(answer, 403, "owned_by_service")
        assert "managed by neutron" in error["detail"], path


@pytest.mark.parametrize(
    "headers", [NEUTRON, as_("admin", OTHER)], ids=["owner", "admin"]
)
def test_the_owner_and_an_admin_change_it(
    world: World,
    owned: str,
    headers: dict[str, str],
) -> None:
    for method, path, body in _changes(world, owned):
        answer = ask(world.api, method, path, headers, body)
        assert answer.status_code in (200, 202), (path, answer.text)


def test_a_service_token_beside_a_users_token_is_the_owners(
    world: World,
) -> None:
    both = as_("member", user="maker") | {"X-Service-As": "neutron"}
    made = ask(
        world.api,
        "POST",
        "/v1/services",
        both,
        service_body(world.device, managed_by="neutron"),
    )
    path = f"/v1/services/{made.json['service']['id']}"
    body = {"service": {"name": "n"}}
    alone = ask(world.api, "PATCH", path, as_("member", user="maker"), body)
    requests.refused(alone, 403, "owned_by_service")
    assert ask(world.api, "PATCH", path, both, body).status_code == 200
    # It lets the user see no more than before.
    foreign = as_("member", OTHER) | {"X-Service-As": "neutron"}
    requests.refused(ask(world.api, "GET", path, foreign), 404, "not_found")


def test_what_is_nobodys_stays_the_projects(
    world: World,
    owned: str,
) -> None:
    path = f"/v1/services/{world.service}"
    answer = ask(world.api, "DELETE", path, as_("member"))
    assert answer.status_code == 202
    path = f"/v1/devices/{world.device}"
    body = {"device": {"name": "n"}}
    answer = ask(world.api, "PATCH", path, as_("member"), body)
    assert answer.status_code == 200


def test_two_owners_leave_the_device_to_the_admin(
    world: World,
    owned: str,
) -> None:
    ask(
        world.api,
        "POST",
        "/v1/services",
        OCTAVIA,
        service_body(world.device, managed_by="octavia"),
    )
    path = f"/v1/devices/{world.device}"
    for headers in (NEUTRON, OCTAVIA):
        answer = ask(world.api, "DELETE", path, headers)
        error = requests.refused(answer, 403, "owned_by_service")
        assert "neutron and octavia" in error["detail"]
    answer = ask(world.api, "DELETE", path, as_("admin"))
    assert answer.status_code == 202


def test_managed_by_needs_the_role_and_can_be_asked_for(
    world: World,
    owned: str,
) -> None:
    for role in ("member", "manager"):
        answer = ask(
            world.api,
            "POST",
            "/v1/services",
            as_(role),
            service_body(world.device, managed_by="neutron"),
        )
        requests.refused(answer, 403, "forbidden")
    for owner, ids in (("neutron", [owned]), ("octavia", [])):
        path = f"/v1/services?managed_by={owner}"
        listed = ask(world.api, "GET", path, as_("reader"))
        assert [row["id"] for row in listed.json["services"]] == ids


@pytest.mark.parametrize(
    ("headers", "project"),
    [(NEUTRON, "mine"), (as_("admin", OTHER), "third")],
    ids=["service", "admin"],
)
def test_a_device_for_another_project(
    world: World,
    headers: dict[str, str],
    project: str,
) -> None:
    body = {
        "device": {
            "name": "theirs",
            "template_id": world.template,
            "project_id": project,
        }
    }
    answer = ask(world.api, "POST", "/v1/devices", headers, body)
    assert answer.json["device"]["project_id"] == project
    listed = ask(
        world.api, "GET", "/v1/devices?name=theirs", as_("reader", project)
    )
    assert len(listed.json["devices"]) == 1
    refused = ask(
        world.api, "POST", "/v1/devices", as_("manager", OTHER), body
    )
    requests.refused(refused, 403, "forbidden")


def test_a_key_of_the_same_project_does_not_show_anothers_device(
    world: World,
) -> None:
    body = {
        "device": {
            "name": "theirs",
            "template_id": world.template,
            "project_id": "mine",
        }
    }
    colleague = as_("member", NEUTRON["X-As"].split()[0])
    for path, sent in (
        ("/v1/devices", body),
        ("/v1/services", service_body(world.device)),
    ):
        key = {"Idempotency-Key": path}
        for _ in range(2):
            made = ask(world.api, "POST", path, NEUTRON | key, sent)
            assert made.status_code == 202
        answer = ask(world.api, "POST", path, colleague | key, sent)
        requests.refused(answer, 404, "not_found")


def test_a_service_is_its_devices_projects(world: World) -> None:
    answer = ask(
        world.api,
        "POST",
        "/v1/services",
        NEUTRON,
        service_body(world.device, project_id="third"),
    )
    error = requests.refused(answer, 400, "invalid_field")
    assert "$.service.project_id" in error["fields"]
