"""What Keystone keeps, made without starting one of its programs for each.

``keystone-manage`` takes seconds to load, every time.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

from tools.cluster.configuration import write
from tools.cluster.venv import Venv

__all__ = ["make_keys", "make_schema"]

#: The staged key and the primary one, as ``fernet_setup`` calls them.
_KEYS = ("0", "1")


def make_keys(repository: Path) -> None:
    """Make a repository of Fernet keys, where it has none yet.

    https://docs.openstack.org/keystone/latest/admin/fernet-token-faq.html
    """
    repository.mkdir(mode=0o700, exist_ok=True)
    for name in _KEYS:
        if not (repository / name).exists():
            write(repository / name, Fernet.generate_key().decode())


def make_schema(
    database: Path, venv: Venv, migrate: Callable[[], object]
) -> None:
    """Make the empty database, by a copy of what the migrations have made.

    The copy is the environment's: another release of Keystone has another.

    :param database: file of SQLite, which is replaced
    :param migrate: makes it by the migrations
    """
    copy = venv.folder / f"schema-{venv.digest[:16]}.sqlite"
    database.unlink(missing_ok=True)
    if copy.exists():
        shutil.copyfile(copy, database)
        return
    migrate()
    handle, fresh = tempfile.mkstemp(dir=copy.parent)
    os.close(handle)
    try:
        shutil.copyfile(database, fresh)
        # At once: two may be made at the same time.
        os.replace(fresh, copy)
    finally:
        Path(fresh).unlink(missing_ok=True)
