"""Usage: spans of time, and counters of traffic.

What is there has a span from its creation. Processes of the release before
are at work meanwhile; what they leave is found by the conductors' sweep.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SPANS = "usage_spans"


def upgrade() -> None:
    op.create_table(
        _SPANS,
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("resource_type", sa.String(length=32), nullable=False),
        sa.Column("resource_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("resource_name", sa.String(length=255), nullable=True),
        sa.Column("template_id", sa.String(length=36), nullable=True),
        sa.Column("service_type", sa.String(length=64), nullable=True),
        sa.Column("vcpus", sa.Integer(), nullable=False),
        sa.Column("ram_mib", sa.BigInteger(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_usage_spans")),
        sa.UniqueConstraint(
            "resource_id", "started_at", "resource_type", name="uq_span"
        ),
    )
    _index(_SPANS, "project_id", "resource_id")
    _index(_SPANS, "ended_at")
    op.create_table(
        "usage_counters",
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column("boot_id", sa.String(length=64), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        *_traffic(),
        sa.PrimaryKeyConstraint(
            "service_id", "boot_id", name=op.f("pk_usage_counters")
        ),
    )
    _index("usage_counters", "updated_at")
    op.create_table(
        "usage_traffic",
        sa.Column("service_id", sa.String(length=36), nullable=False),
        sa.Column(
            "hour", sa.BigInteger(), autoincrement=False, nullable=False
        ),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        *_traffic(),
        sa.PrimaryKeyConstraint(
            "service_id", "hour", name=op.f("pk_usage_traffic")
        ),
    )
    _index("usage_traffic", "project_id", "hour")
    _index("usage_traffic", "hour")
    _begin("devices", "id", ("template_id", "vcpus", "ram_mib"), "slots")
    _begin(
        "services", "device_id", ("service_type", "slots"), "vcpus", "ram_mib"
    )


def _traffic() -> list[sa.Column[int]]:
    return [
        sa.Column(name, sa.BigInteger(), nullable=False)
        for name in ("connections", "bytes_in", "bytes_out")
    ]


def _index(table: str, *columns: str) -> None:
    op.create_index(
        op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns, unique=False
    )


def _begin(
    name: str, device: str, same: tuple[str, ...], *nothing: str
) -> None:
    """A span for each row.

    :param device: column with the id of the device
    :param same: columns that spans have as well
    :param nothing: columns of spans that are 0
    """
    names = ("id", "device_id", "project_id", "name", "created_at", *same)
    there = sa.table(name, *(sa.column(one) for one in dict.fromkeys(names))).c
    taken = {
        "resource_type": sa.literal(name.removesuffix("s")),
        "resource_id": there.id,
        "device_id": there[device],
        "project_id": there.project_id,
        "resource_name": there.name,
        "started_at": there.created_at,
        **{one: there[one] for one in same},
        **{one: sa.literal(0) for one in nothing},
    }
    spans = sa.table(_SPANS, *(sa.column(one) for one in taken))
    op.execute(
        sa.insert(spans).from_select(list(taken), sa.select(*taken.values()))
    )
