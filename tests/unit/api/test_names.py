"""What points to something else also says what that is called."""

from collections.abc import Iterable
from typing import Any

from falcon import testing

from servicevm.db import api as db
from servicevm.db import models

Json = dict[str, Any]


def _rename(api: testing.TestClient, path: str, key: str, name: str) -> None:
    answer = api.simulate_patch(path, json={key: {"name": name}})
    assert answer.status_code == 200, answer.text


def test_a_device_has_its_templates_present_name(
    api: testing.TestClient, device: Json, template: Json
) -> None:
    assert device["template_name"] == "small"
    path = f"/v1/device-templates/{template['id']}"
    _rename(api, path, "device_template", "large")
    shown = api.simulate_get(f"/v1/devices/{device['id']}")
    assert shown.json["device"]["template_name"] == "large"
    (listed,) = api.simulate_get("/v1/devices").json["devices"]
    assert listed == shown.json["device"]


def test_a_service_has_its_devices_present_name(
    api: testing.TestClient, device: Json, service: Json
) -> None:
    assert service["device_name"] == "d1"
    _rename(api, f"/v1/devices/{device['id']}", "device", "d2")
    (listed,) = api.simulate_get("/v1/services").json["services"]
    assert listed["device_name"] == "d2"


def test_a_rename_of_something_else_leaves_the_etag(
    api: testing.TestClient, device: Json, template: Json
) -> None:
    path = f"/v1/devices/{device['id']}"
    etag = api.simulate_get(path).headers["ETag"]
    _rename(
        api,
        f"/v1/device-templates/{template['id']}",
        "device_template",
        "large",
    )
    answer = api.simulate_patch(
        path,
        json={"device": {"description": "x"}},
        headers={"If-Match": etag},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json["device"]["template_name"] == "large"


def test_an_operation_has_the_name_of_what_it_is_about(
    api: testing.TestClient, device: Json, service: Json
) -> None:
    listed = api.simulate_get("/v1/operations").json["operations"]
    assert [one["resource_name"] for one in listed] == ["web", "d1"]
    path = f"/v1/operations/{service['operation_id']}"
    shown = api.simulate_get(path).json["operation"]
    assert shown["resource_name"] == "web"
    cancelled = api.simulate_post(f"{path}/cancel").json["operation"]
    assert cancelled["resource_name"] == "web"
    begun = api.simulate_delete(f"/v1/devices/{device['id']}")
    assert begun.json["operation"]["resource_name"] == "d1"
    begun = api.simulate_delete(f"/v1/services/{service['id']}")
    assert begun.json["operation"]["resource_id"] == device["id"]


def _of(api: testing.TestClient, plural: str, row_id: str) -> list[Json]:
    answer = api.simulate_get(f"/v1/{plural}?resource_id={row_id}")
    found: list[Json] = answer.json[plural]
    return found


def _all_are_renamed(
    api: testing.TestClient, row_ids: Iterable[str], *, gone: bool
) -> None:
    for row_id in row_ids:
        for plural in ("operations", "events"):
            told = _of(api, plural, row_id)
            assert told
            for one in told:
                assert one["resource_name"] == "renamed"
                assert one["resource_gone"] is gone


def test_what_is_gone_is_called_what_it_was_called_last(
    api: testing.TestClient, device: Json, service: Json
) -> None:
    kinds = {"devices": device["id"], "services": service["id"]}
    for plural, row_id in kinds.items():
        path = f"/v1/{plural}/{row_id}"
        _rename(api, path, plural[:-1], "renamed")
    _all_are_renamed(api, kinds.values(), gone=False)
    with db.writer() as session:
        session.delete(session.get_one(models.Service, service["id"]))
        session.flush()
        session.delete(session.get_one(models.Device, device["id"]))
    _all_are_renamed(api, kinds.values(), gone=True)
    path = f"/v1/operations/{device['operation_id']}"
    shown = api.simulate_get(path).json["operation"]
    assert (shown["resource_name"], shown["resource_gone"]) == (
        "renamed",
        True,
    )


def test_a_template_that_is_gone_has_its_last_name_in_its_events(
    api: testing.TestClient, template: Json
) -> None:
    path = f"/v1/device-templates/{template['id']}"
    _rename(api, path, "device_template", "large")
    assert api.simulate_delete(path).status_code == 204
    told = _of(api, "events", template["id"])
    assert [one["type"] for one in told] == [
        "device_template.delete",
        "device_template.update",
        "device_template.create",
    ]
    assert {one["resource_name"] for one in told} == {"large"}
    assert {one["resource_gone"] for one in told} == {True}


def test_what_is_there_is_called_what_it_is_called_by_now(
    api: testing.TestClient, device: Json
) -> None:
    # As a process of an older release renames it.
    with db.writer() as session:
        session.get_one(models.Device, device["id"]).name = "by another"
    (told,) = _of(api, "operations", device["id"])
    assert told["resource_name"] == "by another"


def test_events_have_the_names_of_what_they_are_about(
    api: testing.TestClient, service: Json
) -> None:
    api.simulate_patch("/v1/quotas/default", json={"quota": {"devices": 5}})
    events = api.simulate_get("/v1/events").json["events"]
    assert {one["type"]: one["resource_name"] for one in events} == {
        "quota.update": None,
        "service.create": "web",
        "device.create": "d1",
        "device_template.create": "small",
    }
    assert not any(one["resource_gone"] for one in events)
