"""What operations and events are about, by name, when that is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

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
        op.add_column(
            name,
            sa.Column("resource_name", sa.String(length=255), nullable=True),
        )
        for resource_type, named in _NAMED.items():
            _fill(_table(name), resource_type, _table(named))


def _table(name: str) -> sa.TableClause:
    columns = ("id", "name", "resource_type", "resource_id", "resource_name")
    return sa.table(name, *(sa.column(column) for column in columns))


def _fill(
    table: sa.TableClause, resource_type: str, named: sa.TableClause
) -> None:
    """As far as is known by now; of what is gone nothing is."""
    present = (
        sa.select(named.c.name)
        .where(named.c.id == table.c.resource_id)
        .scalar_subquery()
    )
    op.execute(
        sa.update(table)
        .where(table.c.resource_type == resource_type)
        .values(resource_name=present)
    )
