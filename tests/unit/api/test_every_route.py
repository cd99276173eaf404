"""What holds for every route, proven on every route."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from falcon import testing

from servicevm.api import app
from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.states import ProcessRole
from tests.unit.api import requests

#: Answers of one thing that are not a resource's state.
NO_STATE = {
    "/",
    "/v1",
    "/healthcheck",
    "/v1/devices/{id}/console-log",
    "/v1/services/{id}/stats",
    # It grows by itself.
    "/v1/usage/{project_id}",
}
#: POST that nothing is recorded of: it is asked of the device itself.
UNRECORDED = {"/v1/services/{id}/actions/{action}"}

Paths = dict[str, str]


@pytest.fixture
def paths(
    api: testing.TestClient,
    device: dict[str, Any],
    service: dict[str, Any],
) -> Paths:
    """Every path with the ids of things that are there."""
    requests.activate(device)
    requests.trip_breaker()
    requests.become(
        models.Service,
        service["id"],
        provisioning_status="ACTIVE",
        observed_generation=1,
    )
    ids = {
        "device-templates": device["template_id"],
        "devices": device["id"],
        "services": service["id"],
        "service-types": "loadbalancer",
        "operations": service["operation_id"],
        "quotas": "default",
        "usage": "default",
        "relay-groups": requests.create_relay_group(api)["name"],
        "holds": requests.set_hold(api, everything=True)["id"],
        "breakers": "fleet",
        **{f"{role}s": _process(role) for role in ProcessRole},
    }
    found = {}
    for path in app.ROUTES:
        collection = [*path.split("/"), "", ""][2]
        concrete = path.replace("{action}", "stats")
        concrete = concrete.replace("{index}", "0")
        for name in ("{id}", "{name}", "{project_id}"):
            concrete = concrete.replace(name, ids.get(collection, ""))
        if collection == "usage":
            # What is used is not the same at the next moment.
            concrete += "?start=2020-01-01&end=2020-02-01"
        found[path] = concrete
    return found


def _process(role: ProcessRole) -> str:
    told = processes.Report(
        role=role, name="n", id=str(uuid.uuid4()), host="h", version="1"
    )
    db.write(lambda session: processes.report(session, told))
    return told.id


def _with(verb: str) -> list[str]:
    return [
        path
        for path, resource in app.ROUTES.items()
        if hasattr(resource, f"on_{verb}")
    ]


def test_head_is_get_without_the_body(
    api: testing.TestClient, paths: Paths
) -> None:
    for path in _with("get"):
        got = api.simulate_get(paths[path])
        assert got.status_code == 200, (path, got.text)
        head = api.simulate_head(paths[path])
        assert (head.status_code, head.content) == (200, b""), path
        for name in ("Content-Type", "Content-Length", "ETag"):
            assert head.headers.get(name) == got.headers.get(name), path


def test_what_is_not_offered_is_405_with_what_is(
    api: testing.TestClient, paths: Paths
) -> None:
    for path in app.ROUTES:
        offered = {
            verb.upper()
            for verb in ("get", "post", "patch", "delete")
            if path in _with(verb)
        }
        if "GET" in offered:
            offered.add("HEAD")
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            if method in offered:
                continue
            answer = api.simulate_request(method, paths[path])
            assert answer.status_code == 405, (method, path)
            allowed = set(answer.headers["Allow"].split(", "))
            assert allowed - {"OPTIONS"} == offered, path
            if method != "HEAD":
                requests.refused(answer, 405, "method_not_allowed")


def test_every_single_resource_has_a_tag(
    api: testing.TestClient, paths: Paths
) -> None:
    for path in _with("get"):
        single = path in NO_STATE or "{" in path
        single |= path.endswith(("defaults", "summary"))
        tag = api.simulate_get(paths[path]).headers.get("ETag")
        assert (tag is not None) == (single and path not in NO_STATE), path


#: Bodies that change something, by the name in the envelope.
CHANGES: dict[str, Any] = {
    "/v1/device-templates/{id}": {"device_template": {"name": "x"}},
    "/v1/devices/{id}": {"device": {"name": "x"}},
    "/v1/services/{id}": {"service": {"name": "x"}},
    "/v1/relays/{id}": {"relay": {"draining": True}},
    "/v1/relay-groups/{name}": {"relay_group": {"description": "x"}},
    "/v1/breakers/{name}": {"breaker": {"released": True}},
    "/v1/quotas/{project_id}": {"quota": {"devices": 3}},
}


def test_if_match_is_heard_by_every_patch_and_delete(
    api: testing.TestClient, paths: Paths
) -> None:
    assert set(CHANGES) == set(_with("patch"))
    # An interface is part of its device, and is taken off by its tag. A hold
    # is changed by setting it again.
    assert set(_with("delete")) - set(CHANGES) == {
        "/v1/devices/{id}/interfaces/{index}",
        "/v1/holds/{id}",
    }
    for path, body in CHANGES.items():
        url = paths[path]
        old = {"If-Match": api.simulate_get(url).headers["ETag"]}
        answer = api.simulate_patch(url, json=body, headers=old)
        assert answer.status_code == 200, answer.text
        new = answer.headers["ETag"]
        assert new == api.simulate_get(url).headers["ETag"]
        for tag in (old["If-Match"], '"other"', f'W/"{new}', 'x, "y"'):
            headers = {"If-Match": tag}
            answer = api.simulate_patch(url, json=body, headers=headers)
            requests.refused(answer, 412, "precondition_failed")
            if path in _with("delete"):
                answer = api.simulate_delete(url, headers=headers)
                requests.refused(answer, 412, "precondition_failed")
        several = {"If-Match": f'"other", {new}'}
        answer = api.simulate_patch(url, json=body, headers=several)
        assert answer.status_code == 200, path


def test_an_id_is_the_same_in_upper_case(
    api: testing.TestClient, paths: Paths, device: dict[str, Any]
) -> None:
    for path in _with("get"):
        if "{id}" in path:
            upper = paths[path].split("/")
            upper[3] = upper[3].upper()
            answer = api.simulate_get("/".join(upper))
            assert answer.status_code == 200, path
    for query in (
        f"/v1/devices?template_id={device['template_id'].upper()}",
        f"/v1/services?device_id={device['id'].upper()}",
        f"/v1/operations?device_id={device['id'].upper()}",
        f"/v1/operations?resource_id={device['id'].upper()}",
        f"/v1/events?device_id={device['id'].upper()}",
    ):
        ((_, found), *_) = api.simulate_get(query).json.items()
        assert found, query
    made = requests.create_device(api, device["template_id"].upper())
    assert made["template_id"] == device["template_id"]
    requests.create_service(
        api, device["id"].upper(), config=requests.config(81)
    )
    for wrong in (device["id"].replace("-", ""), f"urn:uuid:{device['id']}"):
        answer = api.simulate_get(f"/v1/services?device_id={wrong}")
        requests.refused(answer, 400, "invalid_field")


# -- Idempotency-Key --------------------------------------------------------

Body = dict[str, Any] | None


def _posts(device: dict[str, Any]) -> dict[str, tuple[Body, Body]]:
    """A body of each POST, and another one."""

    def new(name: str) -> tuple[Body, Body]:
        bodies: dict[str, dict[str, Any]] = {
            "device_template": requests.template_body()["device_template"],
            "device": {"name": "n", "template_id": device["template_id"]},
            "service": {
                "name": "n",
                "device_id": device["id"],
                "service_type": "loadbalancer",
                "config": requests.config(81),
            },
            "relay_group": {"name": "n"},
        }
        return {name: bodies[name]}, {name: bodies[name] | {"name": "m"}}

    return {
        "/v1/device-templates": new("device_template"),
        "/v1/devices": new("device"),
        "/v1/services": new("service"),
        "/v1/relay-groups": new("relay_group"),
        "/v1/holds": (
            {"hold": {"project_id": "default", "reason": "x"}},
            {"hold": {"project_id": "default", "reason": "y"}},
        ),
        "/v1/devices/{id}/reboot": (
            {"reboot": {}},
            {"reboot": {"hard": True}},
        ),
        "/v1/devices/{id}/rebuild": ({"rebuild": {}}, None),
        "/v1/devices/{id}/heal": ({"heal": {}}, None),
        "/v1/devices/{id}/interfaces": (
            {"interface": {"role": "ingress", "network": "n"}},
            {"interface": {"role": "ingress", "network": "m"}},
        ),
        "/v1/operations/{id}/cancel": (None, None),
        "/v1/operations/{id}/retry": (None, None),
    }


def _ready(path: str, device: dict[str, Any], service: dict[str, Any]) -> None:
    """Let the device and an operation be as the path needs them."""
    requests.activate(device)
    if path.endswith("heal"):
        requests.become(models.Device, device["id"], operating_status="DEAD")
    if path.endswith("retry"):
        requests.finish(service["operation_id"], "FAILED")


def test_every_post_that_is_recorded_takes_a_key(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    assert set(_with("post")) == {*_posts(device), *UNRECORDED}
    document = api.simulate_get("/v1/openapi.json").json
    for path in _with("post"):
        names = {
            one["name"]
            for one in document["paths"][path]["post"]["parameters"]
        }
        assert ("Idempotency-Key" in names) == (path not in UNRECORDED)


@pytest.fixture
def events(api: testing.TestClient) -> Callable[[], int]:
    """How much has happened."""
    return lambda: len(api.simulate_get("/v1/events?limit=900").json["events"])


def test_the_same_post_again_does_nothing_and_answers_the_same(
    api: testing.TestClient,
    paths: Paths,
    device: dict[str, Any],
    service: dict[str, Any],
    events: Callable[[], int],
) -> None:
    for number, (path, (body, other)) in enumerate(_posts(device).items()):
        _ready(path, device, service)
        headers = {"Idempotency-Key": f"k{number}"}
        first = api.simulate_post(paths[path], json=body, headers=headers)
        assert first.status_code in (201, 202), (path, first.text)
        happened = events()
        again = api.simulate_post(paths[path], json=body, headers=headers)
        assert again.status_code == first.status_code, (path, again.text)
        assert again.headers["Idempotent-Replayed"] == "true", path
        ((name, made),) = first.json.items()
        key = "name" if name == "relay_group" else "id"
        assert again.json[name][key] == made[key], path
        assert events() == happened, path
        if other is not None:
            answer = api.simulate_post(
                paths[path], json=other, headers=headers
            )
            requests.refused(answer, 422, "idempotency_key_reused")
        else:
            url = paths["/v1/device-templates"]
            answer = api.simulate_post(
                url, json=requests.template_body(), headers=headers
            )
            requests.refused(answer, 422, "idempotency_key_reused")


def test_the_same_posts_at_once_make_one_thing(
    api: testing.TestClient, paths: Paths, device: dict[str, Any]
) -> None:
    # Of both, one more may be made; of slots, one is left.
    limits = {"devices": 2, "services": 2}
    api.simulate_patch("/v1/quotas/own", json={"quota": limits})
    for path in ("/v1/device-templates", "/v1/devices", "/v1/services"):
        body = _posts(device)[path][0]

        def ask(_: int, path: str = path, body: Body = body) -> testing.Result:
            headers = {"Idempotency-Key": f"at once {path}"}
            return api.simulate_post(path, json=body, headers=headers)

        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(ask, range(12)))
        assert {one.status_code for one in answers} <= {201, 202}, path
        ids = {one["id"] for each in answers for one in each.json.values()}
        assert len(ids) == 1, path
        replayed = [one.headers.get("Idempotent-Replayed") for one in answers]
        assert replayed.count("true") == len(answers) - 1, path


def test_what_was_refused_is_not_remembered(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    headers = {"Idempotency-Key": "k"}
    bad = {"device": {"name": "n", "template_id": requests.UNKNOWN}}
    good = {"device": {"name": "n", "template_id": template["id"]}}
    for body, status in ((bad, 400), (good, 202)):
        answer = api.simulate_post("/v1/devices", json=body, headers=headers)
        assert answer.status_code == status
