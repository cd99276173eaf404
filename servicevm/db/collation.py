"""How text is compared: byte by byte, the same on every database.

What a database does by default depends on who made it: MariaDB takes "Web"
for "web" and "web " for "web", PostgreSQL sorts as some language does. SQLite
compares bytes, and so do all of them once `settle` was there.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

__all__ = ["prepare", "settle", "wrong"]

#: Collation of every text column, by dialect. MariaDB's other binary one
#: ignores spaces at the end.
_WANTED: Mapping[str, str] = {"mysql": "utf8mb4_nopad_bin", "postgresql": "C"}
#: MySQL's name for the same.
_MYSQL = "utf8mb4_0900_bin"

#: Text columns: table, column, how it is to be declared, collation.
_COLUMNS = {
    "mysql": (
        "SELECT table_name, column_name, CONCAT(column_type, ' {collate}', "
        "IF(is_nullable = 'NO', ' NOT NULL', '')), collation_name "
        "FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND collation_name IS NOT NULL "
        "ORDER BY 1, 2"
    ),
    "postgresql": (
        "SELECT relname, attname, "
        "format_type(atttypid, atttypmod) || ' {collate}', "
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
    """Text columns that compare otherwise: table to column to how it is to
    be declared."""
    query = _COLUMNS.get(connection.dialect.name)
    if query is None:
        return {}
    wanted = _wanted(connection)
    found: dict[str, dict[str, str]] = {}
    rows = connection.exec_driver_sql(query)
    for table, column, declared, collation in rows:
        if collation != wanted:
            found.setdefault(table, {})[column] = declared
    return found


def settle(connection: sa.Connection) -> None:
    """Have all columns compare bytes; does nothing where they do."""
    wanted = _wanted(connection)
    tables = wrong(connection)
    if not tables:
        return
    if connection.dialect.name == "mysql":
        collate = f"CHARACTER SET utf8mb4 COLLATE {wanted}"
        with _no_foreign_keys(connection):
            for table, columns in tables.items():
                # Not CONVERT TO, which makes longer types of texts.
                changes = ", ".join(
                    f"MODIFY `{column}` {declared.format(collate=collate)}"
                    for column, declared in columns.items()
                )
                connection.exec_driver_sql(
                    f"ALTER TABLE `{table}` DEFAULT {collate}, {changes}"
                )
        return
    collate = f'COLLATE "{wanted}"'
    for table, columns in tables.items():
        changes = ", ".join(
            f'ALTER COLUMN "{column}" TYPE {declared.format(collate=collate)}'
            for column, declared in columns.items()
        )
        connection.exec_driver_sql(f'ALTER TABLE "{table}" {changes}')


@contextlib.contextmanager
def _no_foreign_keys(connection: sa.Connection) -> Iterator[None]:
    """MariaDB changes no column that a key points from or to."""
    inspector = sa.inspect(connection)
    keys = [
        (table, key)
        for table in inspector.get_table_names()
        for key in inspector.get_foreign_keys(table)
    ]
    for table, key in keys:
        connection.exec_driver_sql(
            f"ALTER TABLE `{table}` DROP FOREIGN KEY `{key['name']}`"
        )
    try:
        yield
    finally:
        for table, key in keys:
            ondelete = key["options"].get("ondelete")
            connection.exec_driver_sql(
                f"ALTER TABLE `{table}` ADD CONSTRAINT `{key['name']}` "
                f"FOREIGN KEY ({_names(key['constrained_columns'])}) "
                f"REFERENCES `{key['referred_table']}` "
                f"({_names(key['referred_columns'])})"
                + (f" ON DELETE {ondelete}" if ondelete else "")
            )


def _names(columns: Sequence[str]) -> str:
    return ", ".join(f"`{column}`" for column in columns)


def _wanted(connection: sa.Connection) -> str:
    dialect = connection.dialect
    if dialect.name == "mysql" and not getattr(dialect, "is_mariadb", False):
        return _MYSQL
    return _WANTED.get(dialect.name, "")
