import threading
from typing import Any

import pytest
from oslo_config import cfg

from servicevm import clock
from servicevm.db import api, models, processes, whereabouts

from . import rows

pytestmark = pytest.mark.usefixtures("device")


@pytest.fixture
def device(database: cfg.ConfigOpts) -> None:
    with api.writer() as session:
        session.add(rows.template())
        session.add(rows.revision())
        session.flush()
        session.add(rows.device())


def _session(**values: Any) -> None:
    with api.writer() as session:
        session.merge(
            models.AgentSession(
                **{
                    "device_id": rows.DEVICE,
                    "epoch": 1,
                    "relay": "r1",
                    "connected": True,
                    "serial": "1",
                    "boot_id": "b",
                    "agent_version": "1",
                    "ready": True,
                    "connected_at": 1,
                    "last_seen": 1,
                    **values,
                }
            )
        )


def _relay(silence_us: int) -> None:
    """A relay that was last heard of so long ago."""
    with api.writer() as session:
        now = api.now(session)
        session.merge(
            models.Process(
                id="00000000-0000-4000-8000-0000000000a1",
                role="relay",
                name="r1",
                host="h1",
                group="default",
                version="1.0",
                address="192.0.2.1:4433",
                sessions=3,
                draining=False,
                started_at=17,
                last_seen=now - silence_us,
            )
        )


def _where() -> str | None:
    return whereabouts.relay_of(rows.DEVICE)


def test_a_device_is_where_its_session_is() -> None:
    assert _where() is None
    _session()
    # Its relay is younger than its first report.
    assert _where() == "r1"
    _session(connected=False)
    assert _where() is None


def test_a_relay_that_is_not_heard_of_holds_nothing() -> None:
    _session()
    _relay(0)
    assert _where() == "r1"
    _relay(processes.ALIVE + clock.SECOND)
    assert _where() is None


def test_what_is_known_is_told_once_and_to_one_thread() -> None:
    _session()
    elsewhere: list[str | None] = []
    with whereabouts.known(rows.DEVICE, "r9"):
        thread = threading.Thread(target=lambda: elsewhere.append(_where()))
        thread.start()
        thread.join()
        assert elsewhere == ["r1"]
        assert _where() == "r9"
        # The device may have moved since: who asks again is not put off.
        assert _where() == "r1"
    with whereabouts.known(rows.DEVICE, None):
        assert _where() is None
    with whereabouts.known(rows.DEVICE, "r9"):
        pass
    assert _where() == "r1"
