"""Quotas are exact however many requests come at once.

Real threads on the real database; ``--database`` chooses which.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm.api import app
from servicevm.db import api as db
from servicevm.db import models
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor

THREADS = 50


def _together(ask: Callable[[int], testing.Result]) -> Counter[int]:
    """Statuses of as many requests as there are threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(ask, range(THREADS)))
    for answer in answers:
        if answer.status_code != 202:
            requests.refused(answer, 403, "quota_exceeded")
    return Counter(answer.status_code for answer in answers)


def _device(api: testing.TestClient, template_id: str) -> testing.Result:
    body = {"device": {"name": "d", "template_id": template_id}}
    return api.simulate_post("/v1/devices", json=body)


@pytest.mark.parametrize(
    ("name", "limit", "made"),
    [("devices", 20, 20), ("vcpus", 41, 20), ("ram", 3071, 11)],
)
def test_of_50_devices_at_once_as_many_are_made_as_may_be(
    conf: cfg.ConfigOpts,
    api: testing.TestClient,
    name: str,
    limit: int,
    made: int,
) -> None:
    # A default, and so a project that nobody has counted before.
    conf.set_override(name, limit, group="quota")
    bounded = testing.TestClient(app.build(conf, RecordingConductor()))
    template = requests.create_template(
        api,
        infra_options={"vcpus": 2, "memory_mib": 256},
        interfaces=[{"role": "ingress", "network": "user"}],
    )
    statuses = _together(lambda _: _device(bounded, template["id"]))
    assert statuses == {202: made, 403: THREADS - made}
    quota = bounded.simulate_get("/v1/quotas/own").json["quota"]
    assert quota["devices"]["in_use"] == made


def test_of_50_services_at_once_as_many_are_made_as_may_be(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(
        api,
        slots=50,
        interfaces=[{"role": "ingress", "network": "user"}],
    )
    devices = [requests.create_device(api, template["id"]) for _ in range(3)]
    api.simulate_patch("/v1/quotas/own", json={"quota": {"slots": 30}})

    def ask(number: int) -> testing.Result:
        return api.simulate_post(
            "/v1/services",
            json={
                "service": {
                    "name": f"s{number}",
                    "device_id": devices[number % len(devices)]["id"],
                    "service_type": "loadbalancer",
                    "config": requests.config(1024 + number),
                }
            },
        )

    assert _together(ask) == {202: 30, 403: THREADS - 30}


def test_what_goes_meanwhile_makes_room_and_never_too_much(
    api: testing.TestClient,
) -> None:
    template = requests.create_template(
        api, interfaces=[{"role": "ingress", "network": "user"}]
    )
    limit = 5
    api.simulate_patch("/v1/quotas/own", json={"quota": {"devices": limit}})
    most: list[int] = []

    def ask(number: int) -> testing.Result:
        answer = _device(api, template["id"])
        quota = api.simulate_get("/v1/quotas/own").json["quota"]
        most.append(quota["devices"]["in_use"])
        if answer.status_code == 202 and number % 2:
            _purge(answer.json["device"])
        return answer

    statuses = _together(ask)
    assert max(most) <= limit
    assert statuses[202] >= limit


def _purge(device: dict[str, Any]) -> None:
    """What the conductor does at the end of a deletion."""
    db.write(
        lambda session: session.delete(
            session.get_one(models.Device, device["id"])
        )
    )
