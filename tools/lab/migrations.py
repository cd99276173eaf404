"""The services' databases: made once, then copied.

What all migrations make together is kept in the cache, by the releases that
made it. It holds nothing of a lab: no password, no port, no user.
"""

import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.cluster.command import run
from tools.cluster.mariadb import MariaDb
from tools.lab.environment import CACHE, VENV
from tools.lab.service import Service

__all__ = ["migrate"]

DUMPS = CACHE / "dumps"
#: What migrations are written for; an index may be too long in another.
_CHARSET = "utf8mb3"
#: Seconds that a command gets, on a busy machine.
_TIMEOUT = 600


def migrate(
    folder: Path, database: MariaDb, services: Sequence[Service]
) -> str:
    """Bring the databases of the services up to date, once a lab.

    What they read for it (`Service.prepare_database`) has to be there.

    :returns: what was done, for people; empty for nothing
    :raises CommandError: with a migration's own words
    """
    done = folder / "run" / "migrated"
    if done.exists() and done.read_text() == VENV.digest:
        return ""
    dump = DUMPS / f"{VENV.digest}.sql"
    if done.exists():
        # Data of older releases.
        _run(folder, services)
        how = "migrated"
    elif dump.exists():
        database.load(dump)
        how = "copied"
    else:
        names = [name for one in services for name in one.databases]
        for name in names:
            database.renew(name, _CHARSET)
        _run(folder, services)
        _keep(database, names, dump)
        how = "made"
    done.write_text(VENV.digest)
    return how


def _run(folder: Path, services: Sequence[Service]) -> None:
    """All migrations, those of different services at once."""

    def one(service: Service) -> None:
        for argv in service.migrations():
            run(
                argv,
                log=folder / "log" / f"{service.name}-migrations.log",
                timeout=_TIMEOUT,
            )

    with ThreadPoolExecutor(len(services)) as pool:
        for each in [pool.submit(one, service) for service in services]:
            each.result()


def _keep(database: MariaDb, names: Sequence[str], dump: Path) -> None:
    DUMPS.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, fresh = tempfile.mkstemp(dir=DUMPS)
    os.close(handle)
    try:
        database.dump(names, Path(fresh))
        # At once: two labs may be made at the same time.
        os.replace(fresh, dump)
    finally:
        Path(fresh).unlink(missing_ok=True)
