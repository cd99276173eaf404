"""Interfaces that are asked for one by one, and come and go."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE = "device_interfaces"


def upgrade() -> None:
    for name in ("subnet", "port"):
        op.add_column(
            _TABLE, sa.Column(name, sa.String(length=255), nullable=True)
        )
    op.add_column(
        _TABLE,
        sa.Column(
            "attached", sa.Boolean(), nullable=False, server_default=sa.true()
        ),
    )
