"""MariaDB in a folder of its own."""

import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pymysql

from tools.cluster._database import USER, DatabaseServer, checked

__all__ = ["MariaDb"]

#: Tables of the system, made once and copied: making them takes seconds.
TEMPLATE = Path(__file__).parents[2] / ".cache" / "mariadb"


class MariaDb(DatabaseServer):
    """A MariaDB server; see `DatabaseServer`."""

    name = "MariaDB"
    package = "mariadb-server"
    account = "mysql"
    stop_signal = signal.SIGTERM
    unready = (pymysql.err.OperationalError,)

    def url(self, database: str) -> str:
        return (
            f"mysql+pymysql://{USER}:{self.password}@127.0.0.1:{self.port}/"
            f"{checked(database)}?charset=utf8mb4"
        )

    def create(self, database: str) -> None:
        self._execute(f"CREATE DATABASE {checked(database)}")

    def renew(self, database: str, charset: str = "utf8mb4") -> None:
        """Make an empty database, in the place of one that may be there."""
        self._execute(
            f"CREATE OR REPLACE DATABASE {checked(database)} "
            f"CHARACTER SET {checked(charset)}"
        )

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE {checked(database)}")

    def dump(self, databases: Sequence[str], path: Path) -> None:
        """Write what makes these databases again into a file."""
        self.run(
            [
                self.program("mariadb-dump"),
                f"--defaults-file={self._login_file()}",
                *["--add-drop-database", "--skip-dump-date"],
                *[f"--result-file={path}", "--databases"],
                *map(checked, databases),
            ]
        )

    def load(self, path: Path) -> None:
        """Make databases again as they were when they were dumped."""
        self.run(
            [
                self.program("mariadb"),
                f"--defaults-file={self._login_file()}",
                *["-e", f"source {path}"],
            ]
        )

    def _login_file(self) -> Path:
        """For programs, whose arguments everybody sees."""
        path = self.folder / "client.cnf"
        self._keep(
            path,
            f"[client]\nprotocol=tcp\nhost=127.0.0.1\nport={self.port}\n"
            f"user={USER}\npassword={self.password}\n",
        )
        return path

    def _execute(self, *statements: str) -> None:
        with pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=self.password,
            connect_timeout=5,
            read_timeout=60,
        ) as connection:
            for statement in statements:
                with connection.cursor() as cursor:
                    cursor.execute(statement)

    def _ask(self) -> None:
        self._execute("SELECT 1")

    def _prepare(self) -> None:
        shutil.copytree(self._template(), self.data, dirs_exist_ok=True)
        for folder, names, files in os.walk(self.data):
            for name in (*names, *files):
                self.own(Path(folder, name))

    def _template(self) -> Path:
        """The tables of the system, of this machine's MariaDB."""
        program = Path(self.program("mariadb-install-db")).resolve()
        server = os.stat(self.program("mariadbd"))
        made = TEMPLATE / f"{server.st_size}-{server.st_mtime_ns}"
        if made.exists():
            return made
        TEMPLATE.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(dir=TEMPLATE))
        try:
            # As whom we are: `_prepare` gives the copy to its user.
            self.run(
                [
                    str(program),
                    "--no-defaults",
                    f"--datadir={making}",
                    "--auth-root-authentication-method=normal",
                    "--skip-test-db",
                    "--skip-name-resolve",
                    "--innodb-log-file-size=16M",
                    *(["--user=root"] if os.geteuid() == 0 else []),
                ]
            )
            # Another process may have been faster: its is as good.
            if not made.exists():
                making.rename(made)
        finally:
            if making.exists():
                shutil.rmtree(making)
        return made

    def _command(self) -> Sequence[str]:
        # Run at every start, before the first client is let in.
        start = self.folder / "start.sql"
        self._keep(start, _START.format(user=USER, password=self.password))
        as_user = [f"--user={self.account}"] if os.geteuid() == 0 else []
        return [
            self.program("mariadbd"),
            "--no-defaults",
            f"--datadir={self.data}",
            # In the data folder, where the path is short enough.
            "--socket=mariadb.sock",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--init-file={start}",
            "--skip-name-resolve",
            "--max-connections=600",
            "--innodb-buffer-pool-size=128M",
            "--innodb-log-file-size=64M",
            *([] if self.durable else _FAST),
            *as_user,
        ]


_START = """\
DELETE FROM mysql.global_priv WHERE User = '';
FLUSH PRIVILEGES;
ALTER USER 'root'@'localhost' ACCOUNT LOCK;
CREATE OR REPLACE USER '{user}'@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL ON *.* TO '{user}'@'127.0.0.1' WITH GRANT OPTION;
"""

_FAST = [
    # Written, though not to the disk, at every commit.
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=0",
    "--innodb-log-file-size=16M",
]
