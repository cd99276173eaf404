"""Usage: what was used when, by whom, in which hours."""

from typing import Any

import pytest
import sqlalchemy as sa
from falcon import testing

from servicevm import clock
from servicevm.conductor import settle
from servicevm.db import api as db
from servicevm.db import models
from servicevm.db.traffic import HOUR
from tests.unit.api import requests

#: In the middle of November.
BEGUN = clock.parse_iso("2026-11-15T12:30:00Z")


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The time, to be set."""
    told = {"us": BEGUN}
    monkeypatch.setattr(clock, "now_us", lambda: told["us"])
    return told


@pytest.fixture
def used(api: testing.TestClient, now: dict[str, int]) -> tuple[str, str]:
    """A device and its service, 90 minutes old."""
    template = requests.create_template(
        api, slots=4, infra_options={"vcpus": 2, "memory_mib": 512}
    )
    device = requests.create_device(api, template["id"], name="d")
    service = requests.create_service(api, device["id"])
    now["us"] += 3 * HOUR // 2
    return device["id"], service["id"]


def book(service_id: str, at: str, bytes_out: int) -> None:
    with db.writer() as session:
        session.add(
            models.UsageTraffic(
                service_id=service_id,
                hour=clock.parse_iso(at),
                project_id="default",
                connections=1,
                bytes_in=2,
                bytes_out=bytes_out,
            )
        )


def show(api: testing.TestClient, query: str = "") -> dict[str, Any]:
    answer = api.simulate_get(f"/v1/usage/own{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json["usage"])


def test_a_project_sees_hours_and_traffic_of_this_month(
    api: testing.TestClient, used: tuple[str, str]
) -> None:
    book(used[1], "2026-11-15T13:00:00Z", 7)
    book(used[1], "2026-10-31T23:00:00Z", 100)
    assert show(api) == {
        "project_id": "default",
        "start": "2026-11-01T00:00:00.000000Z",
        "end": "2026-11-15T14:00:00.000000Z",
        "device_hours": 1.5,
        "service_hours": 1.5,
        "vcpu_hours": 3.0,
        "ram_mib_hours": 768.0,
        "slot_hours": 1.5,
        "connections": 1,
        "bytes_in": 2,
        "bytes_out": 7,
        "traffic_resolution": 3600,
    }
    (listed,) = api.simulate_get("/v1/usage").json["usage"]
    assert listed == show(api)


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ("?start=2026-11-15T13:00:00Z", 1.0),
        ("?end=2026-11-15T13:00:00Z", 0.5),
        ("?start=2026-11-15T12:45:00Z&end=2026-11-15T12:45:00.9Z", 0.00025),
        ("?start=2026-11-15&end=2026-11-16", 1.5),
        ("?end=2026-11-01", 0),
        ("?start=2027-01-01&end=2027-02-01", 0),
    ],
)
def test_a_period_has_what_lies_within_it(
    api: testing.TestClient,
    used: tuple[str, str],
    query: str,
    hours: float,
) -> None:
    assert show(api, query)["device_hours"] == hours


def test_without_a_start_the_month_of_the_end_is_meant(
    api: testing.TestClient,
) -> None:
    october = "2026-10-01T00:00:00.000000Z"
    for end in ("2026-11-01", "2026-10-02T03:04:05Z"):
        assert show(api, f"?end={end}")["start"] == october


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("?start=2026-11-02&end=2026-11-01", "start"),
        ("?start=2026-11-01&end=2026-11-01", "start"),
        ("?start=2027-01-01", "start"),
        ("?start=yesterday", "start"),
        ("?end=0001-01-01", "end"),
    ],
)
def test_a_period_that_is_none_is_refused(
    api: testing.TestClient, query: str, name: str
) -> None:
    for path in ("/v1/usage", "/v1/usage/own", "/v1/usage/resources"):
        error = requests.refused(
            api.simulate_get(path + query), 400, "invalid_field"
        )
        assert list(error["fields"]) == [name]


def test_what_is_in_use_of_quotas_is_what_is_used_at_the_moment(
    api: testing.TestClient, used: tuple[str, str]
) -> None:
    span = models.UsageSpan
    taken = (span.vcpus, span.ram_mib, span.slots)
    quota = api.simulate_get("/v1/quotas/own").json["quota"]
    with db.reader() as session:
        sums = session.execute(
            sa.select(*map(sa.func.sum, taken)).where(span.ended_at.is_(None))
        ).one()
    assert list(sums) == [
        quota[name]["in_use"] for name in ("vcpus", "ram", "slots")
    ]


def test_what_is_gone_is_still_on_the_bill_with_its_last_name(
    api: testing.TestClient, used: tuple[str, str], now: dict[str, int]
) -> None:
    device_id, service_id = used
    renamed = {"device": {"name": "last"}}
    api.simulate_patch(f"/v1/devices/{device_id}", json=renamed)
    db.write(lambda session: settle.delete_device(session, device_id))
    now["us"] += HOUR
    book(service_id, "2026-11-15T14:00:00Z", 7)
    rows = api.simulate_get("/v1/usage/resources").json["usage_resources"]
    device, service = sorted(rows, key=lambda row: row["resource_type"])
    assert device["resource_name"] == "last"
    assert device["started_at"] == "2026-11-15T12:30:00.000000Z"
    assert device["ended_at"] == "2026-11-15T14:00:00.000000Z"
    assert (device["hours"], device["vcpu_hours"]) == (1.5, 3.0)
    assert (device["slot_hours"], device["bytes_out"]) == (0, 0)
    assert service["resource_id"] == service_id
    assert service["device_id"] == device_id
    assert service["service_type"] == "loadbalancer"
    assert (service["slot_hours"], service["bytes_out"]) == (1.5, 7)
    total = show(api)
    for name in ("vcpu_hours", "ram_mib_hours", "slot_hours", "bytes_out"):
        assert total[name] == device[name] + service[name]


def test_lists_are_paged_both_ways(
    api: testing.TestClient, used: tuple[str, str]
) -> None:
    first, second = sorted(used)
    path = "/v1/usage/resources?limit=1"
    seen = []
    for _ in range(2):
        answer = api.simulate_get(path).json
        seen += [one["resource_id"] for one in answer["usage_resources"]]
        links = {
            one["rel"]: one["href"] for one in answer["usage_resources_links"]
        }
        path = links.get("next", path)[len(_HOST) :] if "next" in links else ""
    assert seen == [first, second]
    (row,) = api.simulate_get(links["previous"][len(_HOST) :]).json[
        "usage_resources"
    ]
    assert row["resource_id"] == first


_HOST = "http://falconframework.org"
