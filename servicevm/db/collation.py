"""How text is compared: byte by byte, the same on every database.

What a database does by default depends on who made it: MariaDB takes "Web"
for "web" and "web " for "web", PostgreSQL sorts as some language does. SQLite
compares bytes, and so do all of them once `settle` was there.
"""

from collections.abc import Mapping

import sqlalchemy as sa

__all__ = ["prepare", "settle", "wrong"]

#: Collation of every text column, by dialect. MariaDB's other binary one
#: ignores spaces at the end.
_WANTED: Mapping[str, str] = {"mysql": "utf8mb4_nopad_bin", "postgresql": "C"}
#: MySQL's name for the same.
_MYSQL = "utf8mb4_0900_bin"

#: Text columns: table, column, type, collation; NULL is the database's own.
_COLUMNS = {
    "mysql": (
        "SELECT table_name, column_name, column_type, collation_name "
        "FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL "
        "ORDER BY 1, 2"
    ),
    "postgresql": (
        "SELECT relname, attname, format_type(atttypid, atttypmod), "
        "(SELECT collname FROM pg_collation c WHERE c.oid = attcollation) "
        "FROM pg_attribute JOIN pg_class t ON t.oid = attrelid "
        "WHERE relnamespace = current_schema()::regnamespace "
        "AND relkind = 'r' AND attnum > 0 AND NOT attisdropped "
        "AND attcollation <> 0 ORDER BY 1, 2"
    ),
}


def prepare(connection: sa.Connection) -> None:
    """Have tables that are made from now on compare bytes."""
    if connection.dialect.name == "mysql":
        connection.exec_driver_sql(
            "ALTER DATABASE CHARACTER SET utf8mb4 "
            f"COLLATE {_wanted(connection)}"
        )


def wrong(connection: sa.Connection) -> Mapping[str, Mapping[str, str]]:
    """Text columns that compare otherwise: table to column to type."""
    query = _COLUMNS.get(connection.dialect.name)
    if query is None:
        return {}
    wanted = _wanted(connection)
    found: dict[str, dict[str, str]] = {}
    for table, column, kind, collation in connection.exec_driver_sql(query):
        if collation != wanted:
            found.setdefault(table, {})[column] = kind
    return found


def settle(connection: sa.Connection) -> None:
    """Have all columns compare bytes; does nothing where they do."""
    wanted = _wanted(connection)
    tables = wrong(connection)
    if not tables:
        return
    if connection.dialect.name == "mysql":
        # Keys that point at each other are changed one after the other.
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 0")
        for table in tables:
            connection.exec_driver_sql(
                f"ALTER TABLE `{table}` CONVERT TO CHARACTER SET utf8mb4 "
                f"COLLATE {wanted}"
            )
        connection.exec_driver_sql("SET SESSION foreign_key_checks = 1")
        return
    for table, columns in tables.items():
        changes = ", ".join(
            f'ALTER COLUMN "{column}" TYPE {kind} COLLATE "{wanted}"'
            for column, kind in columns.items()
        )
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {changes}')


def _wanted(connection: sa.Connection) -> str:
    dialect = connection.dialect
    if dialect.name == "mysql" and not getattr(dialect, "is_mariadb", False):
        return _MYSQL
    return _WANTED.get(dialect.name, "")
