"""Quotas: what is taken, what is refused, who sets them."""

from pathlib import Path
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm.api import app
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor

OWN = "/v1/quotas/default"


def _set(api: testing.TestClient, **limits: int | None) -> testing.Result:
    answer = api.simulate_patch(OWN, json={"quota": limits})
    assert answer.status_code == 200, answer.text
    return answer


def _ask_for_device(
    api: testing.TestClient, template_id: str
) -> testing.Result:
    return api.simulate_post(
        "/v1/devices",
        json={"device": {"name": "d", "template_id": template_id}},
    )


def _ask_for_service(
    api: testing.TestClient, device_id: str
) -> testing.Result:
    return api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "s",
                "device_id": device_id,
                "service_type": "loadbalancer",
                "config": requests.CONFIG,
            }
        },
    )


def _excess(answer: testing.Result) -> dict[str, Any]:
    error = requests.refused(answer, 403, "quota_exceeded")
    (found,) = error["quotas"]
    assert error["detail"].startswith(
        f"Quota {found['name']}: the limit is {found['limit']}"
    )
    return dict(found)


def test_usage_is_shown_beside_the_limit(api: testing.TestClient) -> None:
    template = requests.create_template(
        api, slots=4, infra_options={"vcpus": 2, "memory_mib": 512}
    )
    for name in "ab":
        device = requests.create_device(api, template["id"], name=name)
    requests.create_service(api, device["id"])
    _set(api, devices=7)
    for path in (OWN, "/v1/quotas/own"):
        assert api.simulate_get(path).json["quota"] == {
            "project_id": "default",
            "devices": {"limit": 7, "in_use": 2},
            "services": {"limit": -1, "in_use": 1},
            "vcpus": {"limit": -1, "in_use": 4},
            "ram": {"limit": -1, "in_use": 1024},
            "slots": {"limit": -1, "in_use": 1},
        }
    empty = api.simulate_get("/v1/quotas/another").json["quota"]
    assert {
        one["in_use"] for key, one in empty.items() if key != ("project_id")
    } == {0}


@pytest.mark.parametrize(
    ("name", "limit", "asked"),
    [("devices", 1, 1), ("vcpus", 3, 2), ("ram", 1023, 512)],
)
def test_a_device_too_many_is_refused_with_the_numbers(
    api: testing.TestClient, name: str, limit: int, asked: int
) -> None:
    template = requests.create_template(
        api, infra_options={"vcpus": 2, "memory_mib": 512}
    )
    _set(api, **{name: limit})
    assert _ask_for_device(api, template["id"]).status_code == 202
    assert _excess(_ask_for_device(api, template["id"])) == {
        "name": name,
        "limit": limit,
        "in_use": asked,
        "asked": asked,
    }
    # Nothing of the refused one is left: the same again is refused again.
    assert len(api.simulate_get("/v1/devices").json["devices"]) == 1
    _set(api, **{name: 2 * limit + 1})
    assert _ask_for_device(api, template["id"]).status_code == 202


@pytest.mark.parametrize("name", ["services", "slots"])
def test_a_service_too_many_is_refused_with_the_numbers(
    api: testing.TestClient, device: dict[str, Any], name: str
) -> None:
    _set(api, **{name: 1})
    assert _ask_for_service(api, device["id"]).status_code == 202
    found = _excess(_ask_for_service(api, device["id"]))
    assert found == {"name": name, "limit": 1, "in_use": 1, "asked": 1}


def test_every_quota_that_is_exceeded_is_told(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api, infra_options={"vcpus": 2})
    _set(api, devices=0, vcpus=1)
    error = requests.refused(
        _ask_for_device(api, template["id"]), 403, "quota_exceeded"
    )
    assert [one["name"] for one in error["quotas"]] == ["devices", "vcpus"]
    for word in ("devices", "vcpus", "limit is 0", "limit is 1"):
        assert word in error["detail"]


def test_what_takes_nothing_of_a_quota_is_not_refused_by_it(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    _set(api, vcpus=0, ram=0, services=0)
    assert _ask_for_device(api, template["id"]).status_code == 202


def test_what_failed_or_is_being_deleted_counts_until_it_is_gone(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    from servicevm.db import api as db
    from servicevm.db import models

    _set(api, devices=1)
    template_id = device["template_id"]
    for status in ("ERROR", "PENDING_DELETE"):
        requests.become(
            models.Device, device["id"], provisioning_status=status
        )
        _excess(_ask_for_device(api, template_id))
    with db.writer() as session:
        session.delete(session.get_one(models.Device, device["id"]))
    assert _ask_for_device(api, template_id).status_code == 202


def test_the_same_request_again_takes_nothing(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    _set(api, devices=1)
    body = {"device": {"name": "d", "template_id": template["id"]}}
    headers = {"Idempotency-Key": "once"}
    ids = {
        api.simulate_post("/v1/devices", json=body, headers=headers).json[
            "device"
        ]["id"]
        for _ in range(3)
    }
    assert len(ids) == 1


def test_null_is_the_default_again_and_delete_all_of_them(
    conf: cfg.ConfigOpts, api: testing.TestClient
) -> None:
    conf.set_override("devices", 3, group="quota")
    conf.set_override("ram", 99, group="quota")
    small = testing.TestClient(app.build(conf, RecordingConductor()))
    defaults = small.simulate_get("/v1/quotas/defaults")
    assert defaults.headers["ETag"]
    assert defaults.json["quota_defaults"] == {
        "devices": 3,
        "services": -1,
        "vcpus": -1,
        "ram": 99,
        "slots": -1,
    }

    def limits() -> tuple[int, int]:
        quota = small.simulate_get(OWN).json["quota"]
        return quota["devices"]["limit"], quota["ram"]["limit"]

    assert limits() == (3, 99)
    _set(small, devices=7, ram=-1)
    assert limits() == (7, -1)
    _set(small, devices=None)
    assert limits() == (3, -1)
    for _ in range(2):
        answer = small.simulate_delete(OWN)
        assert (answer.status_code, answer.text) == (204, "")
    assert limits() == (3, 99)


def test_the_list_has_who_has_limits_or_uses_something(
    api: testing.TestClient, device: dict[str, Any]
) -> None:
    for project in ("b", "a", "c"):
        api.simulate_patch(
            f"/v1/quotas/{project}", json={"quota": {"slots": 1}}
        )
    api.simulate_patch("/v1/quotas/d", json={"quota": {}})
    answer = api.simulate_get("/v1/quotas").json
    assert [one["project_id"] for one in answer["quotas"]] == [
        "a",
        "b",
        "c",
        "default",
    ]
    assert "quotas_links" not in answer


def test_the_list_has_pages_that_lead_on_and_back(
    api: testing.TestClient,
) -> None:
    names = list("abcde")
    for project in names:
        api.simulate_patch(
            f"/v1/quotas/{project}", json={"quota": {"slots": 1}}
        )

    def walk(query: str, rel: str) -> list[str]:
        found: list[str] = []
        while True:
            answer = api.simulate_get("/v1/quotas", query_string=query).json
            found.extend(one["project_id"] for one in answer["quotas"])
            links = {
                link["rel"]: link["href"].partition("?")[2]
                for link in answer.get("quotas_links", ())
            }
            if rel not in links:
                return found
            query = links[rel]

    assert walk("limit=2", "next") == names
    assert walk("limit=2&marker=d", "previous") == ["e", "c", "d", "a", "b"]
    answer = api.simulate_get("/v1/quotas?marker=no%20such")
    requests.refused(answer, 400, "invalid_field")


def test_projects_can_be_named_whatever_they_have(
    api: testing.TestClient,
) -> None:
    _set(api, devices=3)
    answer = api.simulate_get(
        "/v1/quotas?project_id=p9&project_id=default&project_id=p9"
    )
    assert answer.status_code == 200, answer.text
    nothing, own = answer.json["quotas"]
    assert "quotas_links" not in answer.json
    assert (nothing["project_id"], own["project_id"]) == ("p9", "default")
    assert own["devices"] == {"limit": 3, "in_use": 0}
    assert nothing["devices"]["in_use"] == 0


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("project_id=a%20b", "It must be the id of a project."),
        ("project_id=a&project_id=b&limit=1", "There can be 1 at most."),
    ],
)
def test_projects_that_can_not_be_named_are_refused(
    api: testing.TestClient, query: str, sentence: str
) -> None:
    error = requests.refused(
        api.simulate_get(f"/v1/quotas?{query}"), 400, "invalid_field"
    )
    assert error["fields"] == {"project_id": sentence}


def test_limits_have_a_tag_that_use_does_not_change(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    tag = api.simulate_get(OWN).headers["ETag"]
    requests.create_device(api, template["id"])
    assert api.simulate_get(OWN).headers["ETag"] == tag
    body = {"quota": {"devices": 4}}
    headers = {"If-Match": tag}
    answer = api.simulate_patch(OWN, json=body, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag
    for method, kwargs in (("PATCH", {"json": body}), ("DELETE", {})):
        answer = api.simulate_request(method, OWN, headers=headers, **kwargs)
        requests.refused(answer, 412, "precondition_failed")


def test_a_change_leaves_an_event(api: testing.TestClient) -> None:
    _set(api, devices=4, ram=None)
    (event,) = api.simulate_get(
        "/v1/events?resource_type=quota&resource_id=default"
    ).json["events"]
    assert event["type"] == "quota.update"
    assert "devices to 4, ram to the default" in event["message"]


@pytest.mark.parametrize(
    ("body", "code", "path"),
    [
        ({"disks": 1}, "unknown_field", "$.quota.disks"),
        ({"devices": -2}, "invalid_field", "$.quota.devices"),
        ({"devices": 1 << 31}, "invalid_field", "$.quota.devices"),
        ({"devices": 10**40}, "invalid_field", "$.quota.devices"),
        ({"devices": 1.0}, "invalid_field", "$.quota.devices"),
        ({"devices": "1"}, "invalid_field", "$.quota.devices"),
        ({"devices": True}, "invalid_field", "$.quota.devices"),
        ({"project_id": "x"}, "unknown_field", "$.quota.project_id"),
        ([], "invalid_field", "$.quota"),
    ],
)
def test_bad_limits_are_refused_by_name(
    api: testing.TestClient, body: Any, code: str, path: str
) -> None:
    answer = api.simulate_patch(OWN, json={"quota": body})
    error = requests.refused(answer, 400, code)
    assert list(error["fields"]) == [path]


@pytest.mark.parametrize("project", ["x" * 65, "a b", "%00", "a$", "%F0%9F"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_can_not_be_a_project_is_not_there(
    api: testing.TestClient, project: str, method: str
) -> None:
    answer = api.simulate_request(
        method,
        f"/v1/quotas/{project}",
        json={"quota": {}} if method == "PATCH" else None,
    )
    requests.refused(answer, 404, "not_found")


def test_another_projects_quota_is_an_administrators(
    conf: cfg.ConfigOpts, api: testing.TestClient, tmp_path: Path
) -> None:
    rules = tmp_path / "policy.yaml"
    rules.write_text('"servicevm:all_projects": "!"\n')
    conf.set_override("policy_file", str(rules), group="oslo_policy")
    strict = testing.TestClient(app.build(conf, RecordingConductor()))
    assert strict.simulate_get(OWN).status_code == 200
    answer = strict.simulate_get("/v1/quotas/other")
    requests.refused(answer, 404, "not_found")
