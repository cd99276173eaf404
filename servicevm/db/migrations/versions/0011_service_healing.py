"""How far the healing of a sick service has come."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_healings",
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        sa.Column("operation_id", sa.String(length=36), nullable=True),
        sa.Column("gave_up", sa.Boolean(), nullable=False),
        sa.Column("waits_for", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["services.id"],
            name=op.f("fk_service_healings_service_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "service_id", name=op.f("pk_service_healings")
        ),
    )
