import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing
from oslo_config import cfg

from servicevm.api import app
from servicevm.db import api as db
from servicevm.db import models
from servicevm.drivers.infra.noop import NoopInfraDriver
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


def test_a_template_shows_its_spec_with_defaults(
    api: testing.TestClient,
) -> None:
    answer = api.simulate_post(
        "/v1/device-templates",
        json={
            "device_template": {
                "name": "least",
                "infra_driver": "noop",
                "interfaces": [{"role": "ingress", "network": "user"}],
            }
        },
    )
    assert answer.status_code == 201
    template = answer.json["device_template"]
    assert template["revision"] == 1
    assert template["project_id"] == "default"
    assert template["mgmt_driver"] == "agent"
    assert template["slots"] == 1
    assert template["infra_options"] == template["health"] == {}
    path = f"/v1/device-templates/{template['id']}"
    assert answer.headers["Location"].endswith(path)
    assert api.simulate_get(path).json["device_template"] == template


def test_a_change_of_the_spec_is_a_new_revision(
    api: testing.TestClient,
    template: dict[str, Any],
    device: dict[str, Any],
) -> None:
    path = f"/v1/device-templates/{template['id']}"
    answer = api.simulate_patch(path, json={"device_template": {"slots": 9}})
    assert answer.status_code == 200
    assert answer.json["device_template"]["revision"] == 2
    assert answer.json["device_template"]["slots"] == 9
    # What runs keeps its own; what is new gets the new one.
    shown = api.simulate_get(f"/v1/devices/{device['id']}").json["device"]
    assert (shown["template_revision"], shown["slots"]["total"]) == (1, 2)
    fresh = requests.create_device(api, template["id"])
    assert (fresh["template_revision"], fresh["slots"]["total"]) == (2, 9)


def test_a_change_of_the_name_is_not(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    answer = api.simulate_patch(
        f"/v1/device-templates/{template['id']}",
        json={"device_template": {"name": "new", "slots": 2}},
    )
    assert answer.json["device_template"]["name"] == "new"
    assert answer.json["device_template"]["revision"] == 1


def test_a_template_in_use_stays(
    api: testing.TestClient,
    template: dict[str, Any],
    device: dict[str, Any],
) -> None:
    path = f"/v1/device-templates/{template['id']}"
    requests.refused(api.simulate_delete(path), 409, "in_use")
    with db.writer() as session:
        session.delete(session.get_one(models.Device, device["id"]))
    answer = api.simulate_delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    requests.refused(api.simulate_get(path), 404, "not_found")
    requests.refused(api.simulate_delete(path), 404, "not_found")


def _interface(**values: str) -> list[dict[str, str]]:
    return [{"role": "ingress", "network": "bridge:br0"} | values]


@pytest.mark.parametrize(
    ("changed", "path", "sentence"),
    [
        pytest.param(
            {"infra_driver": "cloud"},
            "infra_driver",
            "There is no driver 'cloud'",
            id="unknown infra driver",
        ),
        pytest.param(
            {"mgmt_driver": "ssh"},
            "mgmt_driver",
            "There is no driver 'ssh'",
            id="unknown mgmt driver",
        ),
        pytest.param(
            {"infra_options": {"turbo": 1}},
            "infra_options.turbo",
            "There is no such field",
            id="unknown option",
        ),
        pytest.param(
            {"service_types": ["firewall"]},
            "service_types[0]",
            "There is no service type firewall; there are: loadbalancer.",
            id="unknown service type",
        ),
        pytest.param(
            {"interfaces": _interface(cidr="192.0.2.0/33")},
            "interfaces[0].cidr",
            "It is not a network",
            id="no network",
        ),
        pytest.param(
            {"interfaces": _interface(cidr="192.0.2.1/24")},
            "interfaces[0].cidr",
            "It is not a network",
            id="host bits set",
        ),
        pytest.param(
            {"interfaces": _interface(cidr="192.0.2.0/24", gateway="8.8.8.8")},
            "interfaces[0].gateway",
            "8.8.8.8 is not within 192.0.2.0/24.",
            id="gateway elsewhere",
        ),
        pytest.param(
            {"interfaces": _interface(cidr="192.0.2.0/24", gateway="::1")},
            "interfaces[0].gateway",
            "::1 is not within",
            id="gateway of another version",
        ),
        pytest.param(
            {
                "interfaces": _interface(
                    cidr="192.0.2.0/24",
                    pool_start="192.0.2.9",
                    pool_end="192.0.2.8",
                )
            },
            "interfaces[0].pool_start",
            "192.0.2.9 to 192.0.2.8 is an empty range.",
            id="pool backwards",
        ),
        pytest.param(
            {"interfaces": _interface(cidr="fe80::/64", gateway="fe80::1%e")},
            "interfaces[0].gateway",
            "fe80::1%e names a link of one machine",
            id="gateway with a zone",
        ),
        pytest.param(
            {
                "interfaces": _interface(
                    cidr="192.0.2.0/24", gateway="192.0.2.0"
                )
            },
            "interfaces[0].gateway",
            "192.0.2.0 is no host's",
            id="gateway that is the network",
        ),
        pytest.param(
            {
                "interfaces": _interface(
                    cidr="192.0.2.0/24", pool_end="192.0.2.255"
                )
            },
            "interfaces[0].pool_end",
            "192.0.2.255 is no host's",
            id="broadcast handed out",
        ),
        pytest.param(
            {"interfaces": _interface(gateway="192.0.2.1")},
            "interfaces[0].gateway",
            "It needs a cidr to be within.",
            id="gateway of nothing",
        ),
        pytest.param(
            {"interfaces": _interface(network="user", cidr="192.0.2.0/24")},
            "interfaces[0].cidr",
            "The network user has addresses of its own.",
            id="addresses for user",
        ),
    ],
)
def test_a_template_that_cannot_work_is_refused_with_the_field(
    api: testing.TestClient,
    template: dict[str, Any],
    changed: dict[str, Any],
    path: str,
    sentence: str,
) -> None:
    for answer in (
        api.simulate_post(
            "/v1/device-templates", json=requests.template_body(**changed)
        ),
        api.simulate_patch(
            f"/v1/device-templates/{template['id']}",
            json={"device_template": changed},
        ),
    ):
        error = requests.refused(answer, 400, "template_invalid")
        found = error["fields"][f"$.device_template.{path}"]
        assert found.startswith(sentence)
    names = api.simulate_get("/v1/device-templates").json["device_templates"]
    assert names == [template]


def test_an_unknown_driver_is_answered_with_those_there_are(
    api: testing.TestClient,
) -> None:
    answer = api.simulate_post(
        "/v1/device-templates",
        json=requests.template_body(infra_driver="cloud"),
    )
    error = requests.refused(answer, 400, "template_invalid")
    assert (
        "noop, nova, qemu" in error["fields"]["$.device_template.infra_driver"]
    )


@pytest.mark.parametrize(
    ("options", "footprint"),
    [
        ({"vcpus": 2, "memory_mib": 256}, {"vcpus": 2, "ram_mib": 256}),
        ({}, {"vcpus": 0, "ram_mib": 0}),
    ],
    ids=["said", "by default"],
)
def test_a_template_says_what_its_devices_take(
    api: testing.TestClient,
    options: dict[str, Any],
    footprint: dict[str, int],
) -> None:
    made = requests.create_template(api, infra_options=options)
    assert made["footprint"] == footprint
    path = f"/v1/device-templates/{made['id']}"
    assert api.simulate_get(path).json["device_template"] == made
    (listed,) = api.simulate_get("/v1/device-templates").json[
        "device_templates"
    ]
    assert listed == made
    before = api.simulate_get("/v1/quotas/own").json["quota"]
    requests.create_device(api, made["id"])
    after = api.simulate_get("/v1/quotas/own").json["quota"]
    assert {
        "vcpus": after["vcpus"]["in_use"] - before["vcpus"]["in_use"],
        "ram_mib": after["ram"]["in_use"] - before["ram"]["in_use"],
    } == footprint


def test_what_devices_take_follows_a_change_of_the_template(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    answer = api.simulate_patch(
        f"/v1/device-templates/{template['id']}",
        json={"device_template": {"infra_options": {"vcpus": 4}}},
    )
    shown = answer.json["device_template"]
    assert shown["footprint"] == {"vcpus": 4, "ram_mib": 0}


def test_a_template_whose_driver_is_gone_can_be_looked_at(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    with db.writer() as session:
        revision = session.get_one(
            models.DeviceTemplateRevision, (template["id"], 1)
        )
        revision.spec = {**revision.spec, "infra_driver": "uninstalled"}
    path = f"/v1/device-templates/{template['id']}"
    shown = api.simulate_get(path).json["device_template"]
    assert shown["infra_driver"] == "uninstalled"
    assert shown["footprint"] == {"vcpus": None, "ram_mib": None}
    assert shown["capabilities"] == {}


def test_a_template_says_what_can_be_done_with_its_devices(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    shown = template["capabilities"]
    assert shown == dataclasses.asdict(NoopInfraDriver.capabilities)
    assert shown["attach_interface"] is True


def test_drivers_that_are_gone_are_looked_for_once(
    conf: cfg.ConfigOpts,
    api: testing.TestClient,
    template: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    requests.create_template(api)
    fresh = testing.TestClient(app.build(conf, RecordingConductor()))
    with db.writer() as session:
        for revision in session.scalars(
            sa.select(models.DeviceTemplateRevision)
        ):
            revision.spec = {**revision.spec, "infra_driver": "uninstalled"}
    for _ in range(3):
        answer = fresh.simulate_get("/v1/device-templates")
        assert [
            one["footprint"] for one in answer.json["device_templates"]
        ] == [{"vcpus": None, "ram_mib": None}] * 2
    told = [one for one in caplog.messages if "'uninstalled'" in one]
    assert len(told) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"footprint": {"vcpus": 1, "ram_mib": 1}},
        {"capabilities": {"attach_interface": True}},
    ],
    ids=["footprint", "capabilities"],
)
def test_what_drivers_say_can_not_be_set(
    api: testing.TestClient, said: dict[str, Any]
) -> None:
    answer = api.simulate_post(
        "/v1/device-templates", json=requests.template_body(**said)
    )
    error = requests.refused(answer, 400, "unknown_field")
    assert list(error["fields"]) == [f"$.device_template.{next(iter(said))}"]
