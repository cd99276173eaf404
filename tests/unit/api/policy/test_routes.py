"""Every route and method, asked by every persona, by the rules that ship."""

from typing import Any

import pytest
from falcon import testing

from servicevm import policy
from servicevm.api import app
from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.policy.personas import (
    MINE,
    OTHER,
    World,
    as_,
    ask,
    service_body,
)

#: Who gets what: the personas of a project, then those of another one.
#: A letter each: y(es), f(orbidden), n(ot found), - for what is not asked.
#: reader, member, manager, admin, service, nobody | other reader, member,
#: manager, admin, service
PERSONAS = (
    *((MINE, role) for role in ("reader", "member", "manager", "admin")),
    (MINE, "service"),
    (MINE, "none"),
    *((OTHER, role) for role in ("reader", "member", "manager", "admin")),
    (OTHER, "service"),
)

#: Open to everyone, with or without credentials.
OPEN = "yyyyyy yyyyy"
#: What everyone with a role may see.
SHARED = "yyyyyf yyyyy"
ADMIN = "fffyff fffyf"
#: Lists: everyone with a role, of the own project.
LIST = "yyyyyf yyyyy"
#: One of a project's things.
SEE = "yyyyyf nnnyy"
CHANGE = "fyyyff fnnyf"
#: Made by somebody else of the project.
OPERATE = "ffyyff fnnyf"
MAKE = "fyyyyf fyyyy"

#: Every method of every route.
TABLE = {
    ("GET", "/"): OPEN,
    ("GET", "/v1"): OPEN,
    ("GET", "/healthcheck"): OPEN,
    ("GET", "/v1/device-templates"): SHARED,
    ("POST", "/v1/device-templates"): ADMIN,
    ("GET", "/v1/device-templates/{id}"): SHARED,
    ("PATCH", "/v1/device-templates/{id}"): ADMIN,
    ("DELETE", "/v1/device-templates/{id}"): ADMIN,
    ("GET", "/v1/devices"): LIST,
    ("POST", "/v1/devices"): MAKE,
    ("GET", "/v1/devices/{id}"): SEE,
    ("PATCH", "/v1/devices/{id}"): CHANGE,
    ("DELETE", "/v1/devices/{id}"): CHANGE,
    ("POST", "/v1/devices/{id}/reboot"): CHANGE,
    ("POST", "/v1/devices/{id}/rebuild"): CHANGE,
    ("POST", "/v1/devices/{id}/heal"): CHANGE,
    ("POST", "/v1/devices/{id}/interfaces"): CHANGE,
    ("DELETE", "/v1/devices/{id}/interfaces/{index}"): CHANGE,
    ("GET", "/v1/devices/{id}/console-log"): CHANGE,
    ("GET", "/v1/services"): LIST,
    # On a device of the first project: for others there is none.
    ("POST", "/v1/services"): "fyyyyf fbbyy",
    ("GET", "/v1/services/{id}"): SEE,
    ("PATCH", "/v1/services/{id}"): CHANGE,
    ("DELETE", "/v1/services/{id}"): CHANGE,
    ("GET", "/v1/services/{id}/stats"): SEE,
    ("POST", "/v1/services/{id}/actions/{action}"): CHANGE,
    ("GET", "/v1/service-types"): SHARED,
    ("GET", "/v1/service-types/{name}"): SHARED,
    ("GET", "/v1/drivers"): ADMIN,
    ("GET", "/v1/operations"): LIST,
    ("GET", "/v1/operations/{id}"): SEE,
    ("POST", "/v1/operations/{id}/cancel"): OPERATE,
    ("POST", "/v1/operations/{id}/retry"): OPERATE,
    ("GET", "/v1/events"): LIST,
    ("GET", "/v1/summary"): LIST,
    ("GET", "/v1/conductors"): ADMIN,
    ("GET", "/v1/conductors/{id}"): ADMIN,
    ("GET", "/v1/relays"): ADMIN,
    ("GET", "/v1/relays/{id}"): ADMIN,
    ("PATCH", "/v1/relays/{id}"): ADMIN,
    ("GET", "/v1/relay-groups"): ADMIN,
    ("POST", "/v1/relay-groups"): ADMIN,
    ("GET", "/v1/relay-groups/{name}"): ADMIN,
    ("PATCH", "/v1/relay-groups/{name}"): ADMIN,
    ("DELETE", "/v1/relay-groups/{name}"): ADMIN,
    ("GET", "/v1/holds"): ADMIN,
    ("POST", "/v1/holds"): ADMIN,
    ("GET", "/v1/holds/{id}"): ADMIN,
    ("DELETE", "/v1/holds/{id}"): ADMIN,
    ("GET", "/v1/breakers"): ADMIN,
    ("GET", "/v1/breakers/{name}"): ADMIN,
    ("PATCH", "/v1/breakers/{name}"): ADMIN,
    ("GET", "/v1/apis"): ADMIN,
    ("GET", "/v1/apis/{id}"): ADMIN,
    ("GET", "/v1/quotas"): ADMIN,
    ("GET", "/v1/quotas/defaults"): SHARED,
    ("GET", "/v1/quotas/{project_id}"): SEE,
    ("PATCH", "/v1/quotas/{project_id}"): ADMIN,
    ("DELETE", "/v1/quotas/{project_id}"): ADMIN,
    ("GET", "/v1/usage"): LIST,
    ("GET", "/v1/usage/resources"): LIST,
    ("GET", "/v1/usage/{project_id}"): SEE,
}


def _body(world: World, method: str, route: str) -> Any:
    return {
        ("POST", "/v1/device-templates"): requests.template_body(),
        ("PATCH", "/v1/device-templates/{id}"): {
            "device_template": {"name": "n"}
        },
        ("POST", "/v1/devices"): {
            "device": {"name": "n", "template_id": world.template}
        },
        ("PATCH", "/v1/devices/{id}"): {"device": {"name": "n"}},
        ("POST", "/v1/devices/{id}/reboot"): {"reboot": {}},
        ("POST", "/v1/devices/{id}/rebuild"): {"rebuild": {}},
        ("POST", "/v1/devices/{id}/heal"): {"heal": {}},
        ("POST", "/v1/devices/{id}/interfaces"): {
            "interface": {"role": "ingress", "network": "n"}
        },
        ("POST", "/v1/services"): service_body(world.device),
        ("PATCH", "/v1/services/{id}"): {"service": {"name": "n"}},
        ("PATCH", "/v1/relays/{id}"): {"relay": {"draining": True}},
        ("POST", "/v1/relay-groups"): {"relay_group": {"name": "hall"}},
        ("PATCH", "/v1/relay-groups/{name}"): {"relay_group": {}},
        ("POST", "/v1/holds"): {"hold": {"everything": True, "reason": "x"}},
        ("PATCH", "/v1/breakers/{name}"): {"breaker": {"released": True}},
        ("PATCH", "/v1/quotas/{project_id}"): {"quota": {"devices": 1}},
    }.get((method, route))


_NAMES = {"relay-groups": "edge", "breakers": "fleet"}


def _path(world: World, route: str) -> str:
    kind = route.split("/")[2] if route.count("/") > 1 else ""
    found = {
        "device-templates": world.template,
        "devices": world.device,
        "services": world.service,
        "operations": world.operation,
        "holds": world.hold,
    }.get(kind, requests.UNKNOWN)
    return (
        route.replace("{id}", found)
        .replace("{name}", _NAMES.get(kind, "loadbalancer"))
        .replace("{action}", "stats")
        .replace("{index}", "1")
        .replace("{project_id}", MINE)
    )


#: What an answer says of the caller's rights. What a caller may ask may
#: still be refused for the state it meets: there is no such relay.
def _verdict(answer: testing.Result, allowed_404: bool) -> str:
    code = ""
    if answer.status_code >= 400:
        code = answer.json["errors"][0]["code"]
    if answer.status_code == 403:
        assert code == "forbidden", answer.text
        return "f"
    if answer.status_code == 404 and not allowed_404:
        return "n"
    if code == "invalid_field":
        assert "There is no device" in answer.text
        return "b"
    assert answer.status_code < 500, answer.text
    assert code in ("", "conflict", "not_found", "in_use"), answer.text
    return "y"


def _verdicts(world: World, method: str, route: str) -> str:
    """What each persona gets, in the table's order."""
    expected = TABLE[method, route].replace(" ", "")
    # No processes are there: who may ask is told so.
    empty = route.startswith(("/v1/conductors", "/v1/relays", "/v1/apis"))
    # Those who may do it come last, as that may change what is there.
    order = sorted(
        range(len(PERSONAS)), key=lambda index: expected[index] == "y"
    )
    found = dict.fromkeys(range(len(PERSONAS)), "")
    for index in order:
        project, role = PERSONAS[index]
        answer = ask(
            world.api,
            method,
            _path(world, route),
            as_(role, project),
            _body(world, method, route),
        )
        gone = method == "DELETE" and "y" in found.values()
        found[index] = _verdict(answer, empty or gone)
    letters = "".join(found.values())
    return f"{letters[:6]} {letters[6:]}"


def test_every_read_for_every_persona(world: World) -> None:
    expected = {key: text for key, text in TABLE.items() if key[0] == "GET"}
    assert {key: _verdicts(world, *key) for key in expected} == expected


@pytest.mark.parametrize(
    ("method", "route"),
    [key for key in TABLE if key[0] != "GET"],
    ids=[" ".join(key) for key in TABLE if key[0] != "GET"],
)
def test_every_change_for_every_persona(
    world: World, method: str, route: str
) -> None:
    assert _verdicts(world, method, route) == TABLE[method, route]


def test_the_table_has_every_route() -> None:
    offered = {
        (method.removeprefix("on_").upper(), route)
        for route, resource in app.ROUTES.items()
        for method in dir(resource)
        if method in ("on_get", "on_post", "on_patch", "on_put", "on_delete")
    }
    assert offered == set(TABLE)


def test_every_rule_is_documented_and_of_projects() -> None:
    for rule in policy.list_rules():
        if rule.name.startswith("servicevm:"):
            assert rule.scope_types == ["project"], rule.name
            assert rule.operations, rule.name  # type: ignore[attr-defined]
        assert rule.description


@pytest.mark.parametrize(
    "headers",
    [as_("member", OTHER), as_("manager", OTHER), as_("reader", OTHER)],
    ids=["member", "manager", "reader"],
)
def test_another_project_finds_nothing_by_any_filter(
    world: World, headers: dict[str, str]
) -> None:
    for path in (
        "/v1/devices",
        "/v1/devices?name=d1",
        f"/v1/devices?template_id={world.template}",
        "/v1/services",
        "/v1/services?name=web",
        f"/v1/services?device_id={world.device}",
        "/v1/operations",
        f"/v1/operations?resource_id={world.device}",
        "/v1/events",
        f"/v1/events?device_id={world.device}",
    ):
        answer = ask(world.api, "GET", path, headers)
        (rows,) = answer.json.values()
        assert rows == [], path
    for path in ("/v1/devices", "/v1/services", "/v1/operations"):
        answer = ask(world.api, "GET", f"{path}?all_projects=1", headers)
        requests.refused(answer, 403, "forbidden")
    # Not even whether the marker is somebody's.
    for marker in (world.device, requests.UNKNOWN):
        answer = ask(world.api, "GET", f"/v1/devices?marker={marker}", headers)
        requests.refused(answer, 400, "invalid_field")


LISTS = ("devices", "services", "operations", "events")


@pytest.mark.parametrize("path", LISTS)
def test_who_may_see_all_projects_asks_for_those_of_some(
    world: World, path: str
) -> None:
    def listed(query: str, role: str, project: str) -> int:
        answer = ask(
            world.api, "GET", f"/v1/{path}?{query}", as_(role, project)
        )
        assert answer.status_code == 200, answer.text
        return len(answer.json[path])

    own = listed("", "reader", MINE)
    assert own
    for role in ("admin", "service"):
        assert listed(f"project_id={MINE}", role, OTHER) == own
        assert listed("project_id=none", role, OTHER) == 0
        both = f"project_id=none&project_id={MINE}&all_projects=true"
        assert listed(both, role, OTHER) == own
    assert listed(f"project_id={MINE}", "reader", MINE) == own


@pytest.mark.parametrize("path", LISTS)
def test_who_may_not_asks_for_the_own_project_only(
    world: World, path: str
) -> None:
    for query in (f"project_id={MINE}", f"project_id={OTHER}&project_id=x"):
        answer = ask(
            world.api, "GET", f"/v1/{path}?{query}", as_("manager", OTHER)
        )
        requests.refused(answer, 403, "forbidden")


def test_templates_of_a_project_are_for_all_to_list(world: World) -> None:
    for project, count in ((MINE, 1), (OTHER, 0)):
        answer = ask(
            world.api,
            "GET",
            f"/v1/device-templates?project_id={project}",
            as_("reader", OTHER),
        )
        assert len(answer.json["device_templates"]) == count


def test_what_is_anothers_and_what_is_not_there_look_the_same(
    world: World,
) -> None:
    there, not_there = (
        ask(world.api, "GET", f"/v1/devices/{item}", as_("member", OTHER))
        for item in (world.device, requests.UNKNOWN)
    )
    first, second = (
        requests.refused(answer, 404, "not_found")
        for answer in (there, not_there)
    )
    assert first["detail"].replace(world.device, "") == second[
        "detail"
    ].replace(requests.UNKNOWN, "")


def test_a_member_cancels_what_the_system_or_the_member_asked_for(
    world: World,
) -> None:
    path = f"/v1/operations/{world.operation}/cancel"
    answer = ask(world.api, "POST", path, as_("member"))
    requests.refused(answer, 403, "forbidden")
    answer = ask(world.api, "POST", path, as_("member", user="maker"))
    assert answer.status_code == 202
    requests.become(models.Operation, world.operation, initiator="system")
    assert ask(world.api, "POST", path, as_("member")).status_code == 202
    answer = ask(world.api, "POST", path, as_("reader"))
    requests.refused(answer, 403, "forbidden")
