"""How far the healing of a lost device has come, and what stops it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device_healings",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("gave_up", sa.Boolean(), nullable=False),
        sa.Column("waits_for", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["devices.id"],
            name=op.f("fk_device_healings_device_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device_healings")),
    )
    op.create_table(
        "breakers",
        sa.Column("domain", sa.String(length=128), nullable=False),
        sa.Column("tripped_at", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.Column("released_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_breakers")),
    )
