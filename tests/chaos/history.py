"""Every change of who drives an operation, as the database itself saw it.

A trigger writes a line for each update of an operation that a conductor's
checkpoint or claim is made of, in the same transaction, with a name of the
connection that did it. Nothing of the service knows of it.
"""

import collections
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

__all__ = ["Change", "History", "judge"]

_TABLE = """\
CREATE TABLE chaos_history (
    seq {serial} PRIMARY KEY,
    conn VARCHAR(36) NOT NULL,
    operation VARCHAR(36) NOT NULL,
    device VARCHAR(36) NOT NULL,
    old_fence BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    old_owner VARCHAR(255),
    owner VARCHAR(255),
    old_state VARCHAR(16) NOT NULL,
    state VARCHAR(16) NOT NULL,
    old_step VARCHAR(64) NOT NULL,
    step VARCHAR(64) NOT NULL
)"""

_INSERT = """\
INSERT INTO chaos_history (
    conn, operation, device, old_fence, fence, old_owner, owner,
    old_state, state, old_step, step
) VALUES (
    {conn}, NEW.id, NEW.device_id, OLD.fence, NEW.fence, OLD.owner,
    NEW.owner, OLD.state, NEW.state, OLD.step, NEW.step
)"""

_CHANGED = """\
OLD.fence <> NEW.fence OR OLD.state <> NEW.state OR OLD.step <> NEW.step
    OR OLD.attempts <> NEW.attempts OR {step_data}"""

_MARIADB = (
    _TABLE.format(serial="BIGINT AUTO_INCREMENT"),
    "CREATE TRIGGER chaos_operations AFTER UPDATE "  # noqa: S608 - ours
    "ON operations FOR EACH ROW BEGIN IF "
    + _CHANGED.format(step_data="NOT (OLD.step_data <=> NEW.step_data)")
    + " THEN SET @chaos = COALESCE(@chaos, UUID()); "
    + _INSERT.format(conn="@chaos")
    + "; END IF; END",
)
_POSTGRESQL = (
    _TABLE.format(serial="BIGSERIAL"),
    "CREATE FUNCTION chaos_note() RETURNS trigger AS $$ BEGIN "
    "IF COALESCE(current_setting('chaos.conn', true), '') = '' THEN "
    "PERFORM set_config('chaos.conn', gen_random_uuid()::text, false); "
    "END IF; "
    + _INSERT.format(conn="current_setting('chaos.conn')")
    + "; RETURN NULL; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER chaos_operations AFTER UPDATE ON operations "
    "FOR EACH ROW WHEN ("
    + _CHANGED.format(
        step_data="OLD.step_data::text IS DISTINCT FROM NEW.step_data::text"
    )
    + ") EXECUTE FUNCTION chaos_note()",
)


@dataclass(frozen=True)
class Change:
    """One line.

    :param conn: given to the connection at its first change
    """

    seq: int
    conn: str
    operation: str
    device: str
    old_fence: int
    fence: int
    old_owner: str | None
    owner: str | None
    old_state: str
    state: str
    old_step: str
    step: str


class History:
    """:param engine: a way to the database around all links"""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def install(self) -> None:
        """Make the table and the trigger."""
        statements = (
            _MARIADB
            if self._engine.dialect.name in ("mysql", "mariadb")
            else _POSTGRESQL
        )
        with self._engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def changes(self) -> Iterator[Change]:
        """In the order in which the database made them."""
        with self._engine.connect() as connection:
            for row in connection.exec_driver_sql(
                "SELECT * FROM chaos_history ORDER BY seq"
            ).mappings():
                yield Change(**row)


def judge(changes: Sequence[Change]) -> tuple[list[str], dict[str, Any]]:
    """What must never happen, and counts of what did.

    A connection belongs to one process. Whoever claimed over it is an owner
    of that process; what it writes later about an operation in hand must be
    about one whose owner that is. One that never claimed must always write
    for the same owner.
    """
    wrong: list[str] = []
    owners: dict[str, set[str]] = collections.defaultdict(set)
    for one in changes:
        if _claim(one) and one.owner is not None:
            owners[one.conn].add(one.owner)
    for key, found in owners.items():
        if len(found) > 1:
            wrong.append(f"connection {key} claimed for {sorted(found)}")
    fences: dict[str, int] = {}
    holders: dict[tuple[str, int], str | None] = {}
    counts: collections.Counter[str] = collections.Counter()
    for one in changes:
        where = f"operation {one.operation} (line {one.seq})"
        counts["changes"] += 1
        if one.fence < fences.get(one.operation, 0):
            wrong.append(f"{where}: fence fell to {one.fence}")
        fences[one.operation] = one.fence
        if _claim(one):
            counts["claims"] += 1
            if one.old_state == "RUNNING":
                counts["takeovers"] += 1
            # Nobody's where it ended in the very write that claimed it: it
            # was to be cancelled.
            holder = holders.setdefault((one.operation, one.fence), one.owner)
            if holder != one.owner:
                wrong.append(f"{where}: fence {one.fence} was given twice")
            continue
        if one.old_state != "RUNNING":
            continue
        # A checkpoint: of who holds it, and nobody else.
        counts["checkpoints"] += 1
        who = owners[one.conn] or {str(one.old_owner)}
        owners[one.conn] = who
        if one.old_owner not in who:
            wrong.append(
                f"{where}: {sorted(who)} wrote what {one.old_owner} holds"
            )
    return wrong, dict(counts)


def _claim(one: Change) -> bool:
    return one.fence > one.old_fence
