"""Relay groups, and the one whose relays a device's agent dials."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "relay_groups",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_relay_groups")),
    )
    op.create_index(
        op.f("ix_relay_groups_project_id"),
        "relay_groups",
        ["project_id"],
        unique=False,
    )
    op.add_column(
        "devices",
        sa.Column("relay_group", sa.String(length=64), nullable=True),
    )
    op.create_index(
        op.f("ix_devices_relay_group_seq_id"),
        "devices",
        ["relay_group", "seq", "id"],
        unique=False,
    )
