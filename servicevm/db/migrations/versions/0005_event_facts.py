"""What events say, for programs, and who asked for it.

Events that are there already have neither: their message has it in words.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_JSON = sa.Text().with_variant(mysql.LONGTEXT(), "mysql")


def upgrade() -> None:
    # Processes of the release before go on, and write neither.
    op.add_column(
        "events", sa.Column("user_id", sa.String(length=255), nullable=True)
    )
    op.add_column("events", sa.Column("facts", _JSON, nullable=True))
