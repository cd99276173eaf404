"""What an answer costs the database does not grow with what it shows."""

from pathlib import Path

import pytest
from falcon import testing
from sqlalchemy import orm

from servicevm.api import app
from servicevm.db import api as db
from servicevm.db import models
from tests.unit import database
from tests.unit.api.conductor import RecordingConductor
from tests.unit.db import rows

#: Path to the most statements that an answer takes: those that begin the
#: transaction, the rows, and one for each kind of thing that belongs to them.
LISTS = {
    "/v1/device-templates": 4,
    "/v1/devices": 7,
    "/v1/services": 4,
    "/v1/service-types": 0,
    "/v1/drivers": 0,
    "/v1/operations": 3,
    "/v1/events": 3,
    "/v1/conductors": 4,
    "/v1/relays": 4,
    "/v1/relay-groups": 4,
    "/v1/holds": 4,
    "/v1/breakers": 4,
    "/v1/apis": 4,
    "/v1/quotas": 6,
    "/v1/usage": 6,
    "/v1/usage/resources": 6,
    "/v1/summary": 4,
    "/v1/summary?include=failing&include=running&include=quota": 14,
}
SHOWS = {
    f"/v1/device-templates/{rows.TEMPLATE}": 4,
    f"/v1/devices/{rows.DEVICE}": 7,
    f"/v1/services/{rows.SERVICE}": 4,
    "/v1/service-types/loadbalancer": 0,
    f"/v1/operations/{rows.DEVICE}": 4,
    f"/v1/conductors/{rows.DEVICE}": 4,
    "/v1/relay-groups/g1": 4,
    f"/v1/holds/{rows.DEVICE}": 4,
    "/v1/breakers/b1": 4,
    "/v1/quotas/default": 6,
    "/v1/usage/default": 6,
}
#: Paths of which there is but one, or that are no answers of rows.
OTHERS = {
    "/",
    "/v1",
    "/healthcheck",
    "/v1/devices/{id}/console-log",
    "/v1/services/{id}/stats",
    "/v1/quotas/defaults",
}
MANY = 50


def _id(number: int, kind: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


FIRST = "/v1/devices?limit=10"
LATER = f"{FIRST}&marker={_id(20, 2)}"


def _fill(numbers: range) -> None:
    """Add a row of everything for each number, and one to the first device."""
    with db.writer() as session:
        for number in numbers:
            template = rows.TEMPLATE if number == 1 else _id(number, 1)
            device = rows.DEVICE if number == 1 else _id(number, 2)
            session.add(
                rows.template(id=template, seq=number, name=f"t{number}")
            )
            session.flush()
            session.add(
                models.DeviceTemplateRevision(
                    template_id=template,
                    revision=1,
                    spec={
                        "infra_driver": "noop",
                        "infra_options": {},
                        "mgmt_driver": "noop",
                        "mgmt_options": {},
                        "interfaces": [{"role": "r", "network": "n"}],
                        "service_types": ["loadbalancer"],
                        "slots": 4,
                        "health": {},
                    },
                    created_at=1,
                )
            )
            session.add(
                rows.device(id=device, seq=number, template_id=template)
            )
            session.flush()
            _belongings(session, number, device)
            session.flush()


def _belongings(session: orm.Session, number: int, device: str) -> None:
    first = rows.DEVICE
    session.add(
        rows.service(
            id=rows.SERVICE if number == 1 else _id(number, 3),
            seq=number,
            device_id=first,
        )
    )
    for owner in {device, first}:
        session.add(
            models.DeviceInterface(
                device_id=owner,
                index=number,
                role="ingress",
                network="bridge:br0",
                mac=f"{int(owner == first):02x}:{number:014d}",
            )
        )
    for owner in {device, first, rows.TEMPLATE, rows.SERVICE}:
        session.add(models.Tag(resource_id=owner, tag=f"t{number}"))
    session.add(
        models.AgentCertificate(
            serial=str(number),
            device_id=device,
            spki_hash="",
            not_before=1,
            not_after=2,
        )
    )
    session.add(
        models.AgentSession(
            device_id=device,
            epoch=1,
            relay="local",
            connected=True,
            serial=str(number),
            boot_id="b",
            agent_version="1",
            ready=True,
            connected_at=1,
            last_seen=1,
        )
    )
    _history(session, number, device)
    for role in ("api", "conductor", "relay"):
        session.add(
            models.Process(
                role=role,
                name=f"n{number}",
                id=rows.DEVICE
                if number == 1 and role == "conductor"
                else _id(number, 5 + len(role)),
                host="h",
                version="1",
                started_at=1,
                last_seen=1,
            )
        )
    session.add(
        models.RelayGroup(
            name=f"g{number}", project_id="p", created_at=1, updated_at=1
        )
    )
    for scope, target in (("device", device), ("project", f"p{number}")):
        session.add(_hold(number, scope, target))
    session.add(
        models.Breaker(domain=f"b{number}", tripped_at=1, lost=1, devices=2)
    )
    session.add(
        models.QuotaLimit(
            project_id=f"p{number}",
            resource="devices",
            limit=1,
            updated_at=1,
        )
    )


def _hold(number: int, scope: str, target: str) -> models.Hold:
    first = number == 1 and scope == "device"
    return models.Hold(
        id=rows.DEVICE if first else _id(number, len(scope)),
        scope=scope,
        target=target,
        project_id="p",
        user_id="u",
        reason="r",
        created_at=1,
        updated_at=1,
    )


def _history(session: orm.Session, number: int, device: str) -> None:
    operation = rows.DEVICE if number == 1 else _id(number, 4)
    session.add(
        models.Operation(
            id=operation,
            project_id="default",
            resource_type="device",
            resource_id=device,
            device_id=device,
            action="create",
            initiator="user",
            request_id="r",
            arguments={},
            state="SUCCEEDED",
            step="boot",
            step_data={},
            plan_version=1,
            run_after=1,
            deadline=1,
            created_at=1,
            updated_at=1,
        )
    )
    session.flush()
    session.add(
        models.OperationStep(
            operation_id=rows.DEVICE,
            position=number,
            name="boot",
            state="SUCCEEDED",
            started_at=1,
        )
    )
    session.add(
        models.Event(
            id=_id(number, 9),
            project_id="default",
            at=number,
            type="device.created",
            severity="INFO",
            resource_type="device",
            resource_id=device,
        )
    )


@pytest.fixture(scope="module")
def costs(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> dict[str, tuple[int, int]]:
    """Path to its statements with a row of everything, and with `MANY`."""
    conf = database.configured(tmp_path_factory.mktemp("costs") / "state")
    conf.set_override("auth_strategy", "none", group="api")
    conf.set_override("response_validation", True, group="api")
    database.use(conf, migrated)
    api = testing.TestClient(app.build(conf, RecordingConductor()))
    _fill(range(1, 2))
    few = {path: _cost(api, path) for path in (*LISTS, *SHOWS)}
    _fill(range(2, MANY + 1))
    many = {path: _cost(api, path) for path in few}
    many |= {path: _cost(api, path) for path in (FIRST, LATER)}
    db.dispose()
    return {path: (few.get(path, 0), cost) for path, cost in many.items()}


def _cost(api: testing.TestClient, path: str) -> int:
    statements: list[str] = []
    with database.listening(
        "before_cursor_execute",
        lambda c, cursor, statement, *_: statements.append(statement),
    ):
        answer = api.simulate_get(path)
    assert answer.status_code == 200, answer.text
    return len(statements)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_costs_the_same_for_1_row_and_for_50(
    costs: dict[str, tuple[int, int]], path: str
) -> None:
    few, many = costs[path]
    assert many == few
    assert many <= LISTS[path]


@pytest.mark.parametrize("path", SHOWS)
def test_showing_one_costs_the_same_whatever_it_has(
    costs: dict[str, tuple[int, int]], path: str
) -> None:
    few, many = costs[path]
    assert many == few
    assert many <= SHOWS[path]


def test_a_page_in_the_middle_costs_two_statements_more(
    costs: dict[str, tuple[int, int]],
) -> None:
    assert costs[LATER][1] == costs[FIRST][1] + 2


def test_every_route_that_reads_is_counted() -> None:
    patterns = {*LISTS, *OTHERS}
    for path in SHOWS:
        head, _, _ = path.rpartition("/")
        patterns |= {f"{head}/{{{key}}}" for key in ("id", "name")}
        patterns.add(f"{head}/{{project_id}}")
    # Relays and api processes are shown as conductors are.
    patterns |= {"/v1/relays/{id}", "/v1/apis/{id}"}
    reading = {
        path
        for path, made in app.ROUTES.items()
        if hasattr(made, "on_get") and path not in patterns
    }
    assert not reading
