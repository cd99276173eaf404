import sqlalchemy as sa

from servicevm.db import api as db
from servicevm.db import models
from tests.unit.log_lines import kept

from .lab import Lab

REQUEST = "req-00000000-0000-4000-8000-000000000001"
GLOBAL = "req-00000000-0000-4000-8000-00000000000a"


def _asked(operation_id: str, request_id: str, **arguments: str) -> None:
    with db.writer() as session:
        session.execute(
            sa.update(models.Operation)
            .where(models.Operation.id == operation_id)
            .values(
                request_id=request_id, user_id="alice", arguments=arguments
            )
        )


def test_lines_about_an_operation_name_the_request_that_began_it(
    lab: Lab,
) -> None:
    _, operation_id = lab.device()
    _asked(operation_id, REQUEST, global_request_id=GLOBAL)
    with kept() as lines:
        lab.settle(lab.conductor())
    (line,) = [line for line in lines if operation_id in line]
    assert f"[{GLOBAL} {REQUEST} alice " in line


def test_lines_about_what_nobody_asked_for_name_none(lab: Lab) -> None:
    _, operation_id = lab.device()
    _asked(operation_id, "")
    with kept() as lines:
        lab.settle(lab.conductor())
    (line,) = [line for line in lines if operation_id in line]
    assert " [-] " in line
