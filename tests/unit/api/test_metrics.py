"""What ``/metrics`` tells, and that others rely on what it tells."""

import json
import re
from pathlib import Path

from falcon import testing

from servicevm import clock
from servicevm.conductor import metrics as conductor_metrics
from servicevm.db import api as db
from servicevm.db import models
from servicevm.relay import metrics as relay_metrics
from tests.unit.db import rows

ROOT = Path(__file__).resolve().parents[3]
#: What a process tells that has them, as servicevm-standalone does.
COUNTED = (conductor_metrics, relay_metrics)
_SUFFIX = re.compile("_(bucket|count|sum|total|created)$")


def told(api: testing.TestClient) -> set[str]:
    """Names of all that is ours."""
    text = api.simulate_get("/metrics", remote_addr="127.0.0.1").text
    names = re.findall(r"^# TYPE (servicevm_\w+)", text, re.M)
    return {_SUFFIX.sub("", name) for name in names}


def test_the_manual_has_every_metric_and_no_other(
    api: testing.TestClient,
) -> None:
    manual = (ROOT / "doc/source/metrics.rst").read_text()
    assert set(re.findall(r"``(servicevm_\w+)``", manual)) == told(api)


def test_the_dashboard_of_grafana_asks_for_nothing_that_is_not_told(
    api: testing.TestClient,
) -> None:
    text = (ROOT / "etc/grafana/servicevm.json").read_text()
    asked = {
        _SUFFIX.sub("", name)
        for panel in json.loads(text)["panels"]
        for target in panel["targets"]
        for name in re.findall(r"servicevm_\w+", target["expr"])
    }
    assert asked
    assert asked <= told(api)


def test_agents_are_told_by_the_worst_of_those_that_are_connected(
    api: testing.TestClient,
) -> None:
    with db.writer() as session:
        session.add_all([rows.template(), rows.revision()])
        session.flush()
        for number in range(3):
            device_id = f"{rows.DEVICE[:-1]}{number}"
            session.add(rows.device(id=device_id, seq=number))
            session.flush()
            session.add(
                models.AgentCertificate(
                    serial=f"s{number}",
                    device_id=device_id,
                    spki_hash="h",
                    not_before=0,
                    not_after=(1000 + number) * clock.SECOND,
                    revoked_at=None,
                )
            )
            session.add(
                models.AgentSession(
                    device_id=device_id,
                    epoch=1,
                    relay="r1",
                    # The first is away: nothing of it counts.
                    connected=number > 0,
                    serial=f"s{number}",
                    boot_id="b",
                    agent_version="1",
                    ready=True,
                    connected_at=0,
                    last_seen=(500 - number) * clock.SECOND,
                )
            )
    text = api.simulate_get("/metrics", remote_addr="127.0.0.1").text
    assert "servicevm_agents 2.0" in text
    assert "servicevm_agents_expiry_timestamp_seconds 1001.0" in text
    assert "servicevm_agents_heard_timestamp_seconds 498.0" in text
