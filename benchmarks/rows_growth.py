"""Whether a page of 100 stays as fast with more and more devices.

As a cloud serves it (benchmarks/api_server.py): the first page and one in
the middle, with 100, 10,000 and 100,000 devices in the project; and how much
of the API's processor time such a page takes, which is the same on a busy
machine. Filling in the rows takes a quarter of a minute.

Run: python -m benchmarks.rows_growth
"""

import statistics
import sys
import time

import sqlalchemy as sa

from benchmarks.api_rows import device_id, fill
from benchmarks.api_server import Connection, served
from servicevm.db import api as db

SIZES = (100, 10_000, 100_000)
REQUESTS = 40


def _latency(connection: Connection, path: str) -> float:
    """Median milliseconds."""
    taken = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.get(path)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def main() -> int:
    found = []
    with served() as server:
        connection = server.connect()
        filled = 0
        for size in SIZES:
            fill(filled + 1, size, server.project_id)
            filled = size
            with db.engine().connect() as session:
                # What MariaDB would find out by itself within minutes.
                session.execute(sa.text("ANALYZE TABLE devices")).all()
            first = "/v1/devices?limit=100"
            middle = f"{first}&marker={device_id(size // 2)}"
            found.append(_latency(connection, first))
            print(f"rows_growth_{size} {found[-1]:.1f} ms")
            used = server.cpu()
            print(
                f"rows_growth_{size}_middle "
                f"{_latency(connection, middle):.1f} ms"
            )
            each = (server.cpu() - used) / REQUESTS * 1000
            print(f"rows_growth_{size}_cpu {each:.1f} ms", flush=True)
        connection.close()
    print(f"rows_growth_ratio {found[-1] / found[0]:.2f} ratio")
    return 0


if __name__ == "__main__":
    sys.exit(main())
