"""Quotas, processes, owned services, and holding a device."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("vcpus", sa.Integer(), nullable=False, server_default="0"),
        sa.Column(
            "ram_mib", sa.BigInteger(), nullable=False, server_default="0"
        ),
        sa.Column(
            "hold_count", sa.BigInteger(), nullable=False, server_default="0"
        ),
    ):
        op.add_column("devices", column)
    op.add_column(
        "services",
        sa.Column("managed_by", sa.String(length=64), nullable=True),
    )
    op.create_index(
        op.f("ix_services_managed_by"),
        "services",
        ["managed_by"],
        unique=False,
    )
    op.create_table(
        "quota_limits",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("max_value", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "project_id", "resource", name=op.f("pk_quota_limits")
        ),
    )
    op.create_table(
        "quota_holds",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("hold_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_quota_holds")),
    )
    op.create_table(
        "processes",
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("relay_group", sa.String(length=64), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("sessions", sa.Integer(), nullable=True),
        sa.Column("draining", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("role", "name", name=op.f("pk_processes")),
        sa.UniqueConstraint("id", name=op.f("uq_processes_id")),
    )
    op.create_index(
        op.f("ix_processes_last_seen"),
        "processes",
        ["last_seen"],
        unique=False,
    )
