"""What time it is, as part of a statement; see `servicevm.db.api.now`."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["SERVERS", "present"]

_TEXTS = {
    "mysql": "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
    "postgresql": "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
    # Days since 4714 BC, to the millisecond.
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
}
#: The clocks of servers in microseconds, whatever their time zone.
SERVERS: Mapping[str, sa.ColumnElement[int]] = {
    name: sa.literal_column(_TEXTS[name]) for name in ("mysql", "postgresql")
}


class present(FunctionElement[int]):
    """Microseconds since the epoch, by the clock of the database."""

    inherit_cache = True
    type = sa.BigInteger()


@compiles(present)
def _present(element: present, compiler: Any, **more: Any) -> str:
    return _TEXTS[compiler.dialect.name]
