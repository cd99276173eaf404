import threading
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.conductor import whereabouts
from servicevm.conductor.actions import call_service
from servicevm.db import api as db
from servicevm.db import models, processes
from servicevm.drivers import Drivers
from servicevm.drivers.mgmt.noop import NoopMgmtDriver
from servicevm.rpc.local import LateRelay

from .lab import Lab


def _session(device_id: str, **values: Any) -> None:
    with db.writer() as session:
        session.execute(
            sa.delete(models.AgentSession).where(
                models.AgentSession.device_id == device_id
            )
        )
        session.add(
            models.AgentSession(
                **{
                    "device_id": device_id,
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


def _report() -> dict[str, Any]:
    return {
        "name": "r1",
        "host": "h1",
        "group": "default",
        "version": "1.0",
        "address": "192.0.2.1:4433",
        "sessions": 3,
        "started_at": 17,
    }


def test_a_device_is_where_its_session_is(lab: Lab) -> None:
    device_id, _ = lab.device()
    assert whereabouts.relay_of(device_id) is None
    _session(device_id)
    # Its relay is younger than its first report.
    assert whereabouts.relay_of(device_id) == "r1"
    _session(device_id, connected=False)
    assert whereabouts.relay_of(device_id) is None


def test_a_relay_that_is_not_heard_of_holds_nothing(lab: Lab) -> None:
    device_id, _ = lab.device()
    _session(device_id)
    lab.conductor().relay_report(_report())
    assert whereabouts.relay_of(device_id) == "r1"
    lab.advance(processes.ALIVE / clock.SECOND + 1)
    assert whereabouts.relay_of(device_id) is None


def test_what_is_known_is_told_once_and_to_one_thread(lab: Lab) -> None:
    device_id, _ = lab.device()
    _session(device_id)
    elsewhere: list[str | None] = []
    with whereabouts.known(device_id, "r9"):
        thread = threading.Thread(
            target=lambda: elsewhere.append(whereabouts.relay_of(device_id))
        )
        thread.start()
        thread.join()
        assert elsewhere == ["r1"]
        assert whereabouts.relay_of(device_id) == "r9"
        # The device may have moved since: who asks again is not put off.
        assert whereabouts.relay_of(device_id) == "r1"
    with whereabouts.known(device_id, None):
        assert whereabouts.relay_of(device_id) is None
    with whereabouts.known(device_id, "r9"):
        pass
    assert whereabouts.relay_of(device_id) == "r1"


class Vendor(NoopMgmtDriver):
    """Asks where a device is, as the agent's driver does."""

    def __init__(self, conf: Any, relay: LateRelay) -> None:
        super().__init__(conf, relay)
        self.told: list[str | None] = []

    def call(
        self,
        device_id: str,
        service_id: str,
        action: str,
        arguments: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        self.told.append(whereabouts.relay_of(device_id))
        return {}


class VendorDrivers(Drivers):
    def __init__(self, conf: Any, relay: LateRelay) -> None:
        super().__init__(conf, relay)
        self.vendor = Vendor(conf, relay)

    def mgmt(self, name: str) -> Vendor:
        return self.vendor


def test_a_call_reads_the_database_once(lab: Lab) -> None:
    device_id, _ = lab.device()
    service_id, _ = lab.service(device_id)
    _session(device_id)
    drivers = VendorDrivers(lab.conf, lab.relay)
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    sa.event.listen(db.engine(), "before_cursor_execute", note)
    call_service(drivers, service_id, "stats", {})
    sa.event.remove(db.engine(), "before_cursor_execute", note)
    assert drivers.vendor.told == ["r1"]
    assert len(statements) == 1
