"""Requests that contradict each other, at the same moment."""

from collections import Counter
from typing import Any

import sqlalchemy as sa
from falcon import testing

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests

from .crowd import at_once

CROWD = 8


def post_service(
    api: testing.TestClient, device_id: str, *ports: int
) -> testing.Result:
    return api.simulate_post(
        "/v1/services",
        json={
            "service": {
                "name": "web",
                "device_id": device_id,
                "service_type": "loadbalancer",
                "config": requests.config(*ports),
            }
        },
    )


def device_body(template_id: str) -> dict[str, Any]:
    return {"device": {"name": "d", "template_id": template_id}}


def statuses(answers: list[testing.Result]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def rows(model: Any) -> list[Any]:
    with db.reader() as session:
        return list(session.scalars(sa.select(model)))


def test_the_last_slots_are_given_once(api: testing.TestClient) -> None:
    template = requests.create_template(api, slots=3)
    device = requests.create_device(api, template["id"])
    answers = at_once(
        CROWD, lambda number: post_service(api, device["id"], 80 + number)
    )
    assert statuses(answers) == {202: 3, 409: CROWD - 3}
    assert len(rows(models.Service)) == 3


def test_a_port_of_a_device_is_given_once(api: testing.TestClient) -> None:
    template = requests.create_template(api, slots=CROWD)
    device = requests.create_device(api, template["id"])
    answers = at_once(
        CROWD,
        lambda number: post_service(api, device["id"], 80, 8000 + number),
    )
    assert statuses(answers) == {202: 1, 409: CROWD - 1}
    assert {
        answer.json["errors"][0]["code"]
        for answer in answers
        if answer.status_code == 409
    } == {"port_taken"}
    # Nor do two that are changed at once get one port.
    for port in range(1, CROWD):
        done = post_service(api, device["id"], port)
        assert done.status_code == 202, done.text
    services = rows(models.Service)
    answers = at_once(
        CROWD,
        lambda number: api.simulate_patch(
            f"/v1/services/{services[number].id}",
            json={"service": {"config": requests.config(81)}},
        ),
    )
    assert statuses(answers) == {202: 1, 409: CROWD - 1}


def test_one_idempotency_key_makes_one_thing(api: testing.TestClient) -> None:
    template = requests.create_template(api)
    answers = at_once(
        CROWD,
        lambda _: api.simulate_post(
            "/v1/devices",
            json=device_body(template["id"]),
            headers={"Idempotency-Key": "the same"},
        ),
    )
    assert statuses(answers) == {202: CROWD}
    assert len({answer.json["device"]["id"] for answer in answers}) == 1
    assert len(rows(models.Device)) == 1
    assert len(rows(models.Operation)) == 1


def test_every_address_is_given_once(api: testing.TestClient) -> None:
    # A pool of 5 addresses.
    interface = {
        "role": "ingress",
        "network": "bridge:br0",
        "cidr": "192.0.2.0/28",
        "pool_start": "192.0.2.5",
        "pool_end": "192.0.2.9",
    }
    templates = [
        requests.create_template(api, interfaces=[interface])["id"]
        for _ in range(2)
    ]
    answers = at_once(
        CROWD,
        lambda number: api.simulate_post(
            "/v1/devices", json=device_body(templates[number % 2])
        ),
    )
    assert statuses(answers) == {202: 5, 409: CROWD - 5}
    addresses = {row.address for row in rows(models.DeviceInterface)}
    assert addresses == {f"192.0.2.{last}" for last in range(5, 10)}


def test_nothing_is_put_on_a_device_that_is_being_deleted(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api, slots=CROWD)
    for _ in range(4):
        device = requests.create_device(api, template["id"])

        def ask(number: int, path: str = device["id"]) -> testing.Result:
            if number == 0:
                return api.simulate_delete(f"/v1/devices/{path}")
            return post_service(api, path, 80 + number)

        answers = at_once(CROWD, ask)
        assert set(statuses(answers)) <= {202, 409}
        assert answers[0].status_code == 202
    for service in rows(models.Service):
        assert service.provisioning_status == "PENDING_DELETE"
    live = {"PENDING", "WAITING", "RUNNING"}
    assert {
        row.action for row in rows(models.Operation) if row.state in live
    } == {"delete"}


def test_one_delete_is_begun_of_many_that_are_asked_for(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api)
    device = requests.create_device(api, template["id"])
    answers = at_once(
        CROWD, lambda _: api.simulate_delete(f"/v1/devices/{device['id']}")
    )
    assert statuses(answers) == {202: CROWD}
    assert len({one.json["operation"]["id"] for one in answers}) == 1


def test_one_of_those_who_saw_the_same_changes_it(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api)
    device = requests.create_device(api, template["id"])
    for path, noun in (
        (f"/v1/devices/{device['id']}", "device"),
        (f"/v1/device-templates/{template['id']}", "device_template"),
    ):
        etag = api.simulate_get(path).headers["ETag"]

        def change(
            number: int, path: str = path, noun: str = noun, etag: str = etag
        ) -> testing.Result:
            return api.simulate_patch(
                path,
                json={noun: {"name": f"n{number}"}},
                headers={"If-Match": etag},
            )

        answers = at_once(CROWD, change)
        assert statuses(answers) == {200: 1, 412: CROWD - 1}


def test_a_template_goes_or_is_used_and_never_both(
    api: testing.TestClient,
) -> None:
    for _ in range(4):
        template = requests.create_template(api)

        def ask(number: int, id: str = template["id"]) -> testing.Result:
            if number == 0:
                return api.simulate_delete(f"/v1/device-templates/{id}")
            return api.simulate_post("/v1/devices", json=device_body(id))

        gone, *made = at_once(3, ask)
        if gone.status_code == 204:
            assert statuses(made) == {400: 2}
        else:
            assert gone.status_code == 409
            assert 202 in statuses(made)


def test_every_update_is_a_generation_of_its_own(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(api)
    device = requests.create_device(api, template["id"])
    service = requests.create_service(api, device["id"])

    def update(number: int) -> testing.Result:
        config = {**requests.CONFIG}
        config["listeners"] = [
            {**requests.CONFIG["listeners"][0], "port": 8000 + number}
        ]
        return api.simulate_patch(
            f"/v1/services/{service['id']}",
            json={"service": {"config": config}},
        )

    answers = at_once(CROWD, update)
    assert statuses(answers) == {202: CROWD}
    generations = {one.json["service"]["generation"]: one for one in answers}
    assert sorted(generations) == list(range(2, CROWD + 2))
    (row,) = rows(models.Service)
    last = generations[CROWD + 1].json["service"]
    assert row.config == last["config"]
