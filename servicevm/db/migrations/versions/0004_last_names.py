"""What operations and events are about, by name, when that is gone.

Processes of the release before are at work meanwhile, and these are the
largest tables: on servers they are locked for a moment at a time, however
many rows there are. Where this was interrupted it goes on.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

#: Rows that are written, and locked, at once.
_MOST = 1000
_TABLES = ("operations", "events")
#: Type of resource to the table that has its names.
_NAMED = {
    "device": "devices",
    "service": "services",
    "device_template": "device_templates",
    "api": "processes",
    "conductor": "processes",
    "relay": "processes",
}


def upgrade() -> None:
    for name in _TABLES:
        columns = sa.inspect(op.get_bind()).get_columns(name)
        if "resource_name" not in [column["name"] for column in columns]:
            op.add_column(
                name,
                sa.Column(
                    "resource_name", sa.String(length=255), nullable=True
                ),
            )
    # Nobody is to wait for a new column until all rows have it.
    with op.get_context().autocommit_block():
        for name in _TABLES:
            _fill(op.get_bind(), _table(name))


def _table(name: str) -> sa.TableClause:
    columns = (
        "seq",
        "id",
        "name",
        "resource_type",
        "resource_id",
        "resource_name",
    )
    return sa.table(name, *(sa.column(column) for column in columns))


def _fill(connection: sa.Connection, table: sa.TableClause) -> None:
    """As far as is known by now; of what is gone nothing is."""
    present = sa.case(
        *(
            (
                table.c.resource_type == resource_type,
                sa.select(named.c.name)
                .where(named.c.id == table.c.resource_id)
                .scalar_subquery(),
            )
            for resource_type, named in (
                (resource_type, _table(name))
                for resource_type, name in _NAMED.items()
            )
        )
    )
    done = 0
    while True:
        some = (
            sa.select(table.c.seq)
            .where(table.c.seq > done)
            .order_by(table.c.seq)
            .limit(_MOST)
            .subquery()
        )
        last = connection.scalar(sa.select(sa.func.max(some.c.seq)))
        if last is None:
            return
        connection.execute(
            sa.update(table)
            .where(
                table.c.seq > done,
                table.c.seq <= last,
                table.c.resource_name.is_(None),
            )
            .values(resource_name=present)
        )
        done = last
