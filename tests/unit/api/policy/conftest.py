"""The application for callers of every persona, and things of a project."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from falcon import testing
from oslo_config import cfg

from servicevm.api import app, auth
from servicevm.db import models
from tests.unit import database
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor
from tests.unit.api.policy.personas import (
    ByHeader,
    World,
    as_,
    ask,
    service_body,
)


@pytest.fixture
def anyone(
    conf: cfg.ConfigOpts, migrated: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[testing.TestClient]:
    """The application for callers of every persona."""
    monkeypatch.setattr(auth, "strategy", lambda conf: ByHeader())
    database.use(conf, migrated)
    conductor = RecordingConductor()
    yield testing.TestClient(app.build(conf, conductor))
    database.leave()


@pytest.fixture
def world(anyone: testing.TestClient) -> World:
    ids = database.begun_with("world", lambda: _furnish(anyone))
    return World(anyone, *ids)


def _furnish(anyone: testing.TestClient) -> tuple[str, ...]:
    """Ask for one of everything; their ids, as `World` has them."""
    made = ask(
        anyone,
        "POST",
        "/v1/device-templates",
        as_("admin"),
        requests.template_body(slots=16),
    )
    template = made.json["device_template"]["id"]
    made = ask(
        anyone,
        "POST",
        "/v1/devices",
        as_("member", user="maker"),
        {"device": {"name": "d1", "template_id": template}},
    )
    device = made.json["device"]
    requests.activate(device)
    made = ask(
        anyone,
        "POST",
        "/v1/services",
        as_("member", user="maker"),
        service_body(device["id"]),
    )
    service = made.json["service"]
    requests.become(
        models.Service,
        service["id"],
        provisioning_status="ACTIVE",
        observed_generation=1,
    )
    group = {"relay_group": {"name": "edge"}}
    ask(anyone, "POST", "/v1/relay-groups", as_("admin"), group)
    held = {"hold": {"project_id": "p", "reason": "x"}}
    made = ask(anyone, "POST", "/v1/holds", as_("admin"), held)
    hold = made.json["hold"]["id"]
    requests.trip_breaker()
    return (
        template,
        device["id"],
        service["id"],
        service["operation_id"],
        hold,
    )
