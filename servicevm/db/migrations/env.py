"""Alembic's entry: runs migrations on the connection it is handed."""

from alembic import context

from servicevm.db import models

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=models.Base.metadata,
    # SQLite can not alter a table in place.
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
