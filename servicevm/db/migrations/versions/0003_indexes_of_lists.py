"""Indexes that lists are paged by, of one project and of all."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_STATEFUL = [
    ("seq", "id"),
    ("name", "seq", "id"),
    ("updated_at", "seq", "id"),
    ("provisioning_status", "seq", "id"),
    ("operating_status", "seq", "id"),
]
_SERVICES = [*_STATEFUL, ("service_type", "seq", "id")]
#: Table to the columns of each new index.
_NEW: dict[str, list[tuple[str, ...]]] = {
    "device_templates": [
        ("seq", "id"),
        ("name", "seq", "id"),
        ("updated_at", "seq", "id"),
    ],
    "devices": [*_STATEFUL, *(("project_id", *key) for key in _STATEFUL)],
    "services": [*_SERVICES, *(("project_id", *key) for key in _SERVICES)],
    "operations": [
        ("device_id", "seq"),
        ("project_id", "seq"),
        ("project_id", "updated_at", "seq"),
        ("updated_at", "seq"),
        ("action", "seq"),
        ("resource_type", "seq"),
    ],
    "events": [
        ("device_id", "seq"),
        ("project_id", "seq"),
        ("type", "seq"),
        ("severity", "seq"),
        ("resource_type", "seq"),
    ],
}
#: Columns whose own indexes the new ones begin with.
_OLD = {
    "device_templates": ("seq", "name", "updated_at"),
    "devices": ("seq", "project_id", "name", "updated_at"),
    "services": ("seq", "project_id", "name", "updated_at"),
    "operations": ("project_id", "device_id", "updated_at"),
    "events": ("project_id", "device_id"),
}


def upgrade() -> None:
    for table, indexes in _NEW.items():
        for columns in indexes:
            name = f"ix_{table}_{'_'.join(columns)}"
            op.create_index(op.f(name), table, list(columns), unique=False)
    for table, dropped in _OLD.items():
        for column in dropped:
            op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
