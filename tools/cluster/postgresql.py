"""PostgreSQL in a folder of its own."""

import os
import signal
from collections.abc import Sequence
from pathlib import Path

import psycopg2

from tools.cluster._database import USER, DatabaseServer, checked

__all__ = ["PostgreSql"]

#: Where the distribution keeps what is not for everybody's PATH.
PROGRAMS = Path("/usr/lib/postgresql")


class PostgreSql(DatabaseServer):
    """A PostgreSQL server; see `DatabaseServer`."""

    name = "PostgreSQL"
    package = "postgresql"
    account = "postgres"
    # "Fast": without waiting for its clients.
    stop_signal = signal.SIGINT
    unready = (psycopg2.OperationalError,)

    def url(self, database: str) -> str:
        return (
            f"postgresql+psycopg2://{USER}:{self.password}@127.0.0.1:"
            f"{self.port}/{checked(database)}"
        )

    def create(self, database: str, template: str = "template1") -> None:
        self._execute(
            f"CREATE DATABASE {checked(database)} TEMPLATE {checked(template)}"
        )

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE {checked(database)} WITH (FORCE)")

    def search_path(self) -> str:
        # The newest first.
        found = sorted(
            PROGRAMS.glob("*/bin"),
            key=lambda path: float(path.parent.name),
            reverse=True,
        )
        return ":".join([*map(str, found), super().search_path()])

    def _execute(self, statement: str) -> None:
        connection = psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=self.password,
            dbname="postgres",
            connect_timeout=5,
            options="-c statement_timeout=60000",
        )
        try:
            # A database is not made inside a transaction.
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def _ask(self) -> None:
        self._execute("SELECT 1")

    def _prepare(self) -> None:
        self._keep(self.folder / "password", self.password)
        self.run(
            [
                *self._as_user(),
                self.program("initdb"),
                f"--pgdata={self.data}",
                f"--username={USER}",
                f"--pwfile={self.folder / 'password'}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # As most are: the order of names is that of a language.
                "--locale=C.UTF-8",
                "--locale-provider=icu",
                "--icu-locale=en-US",
                "--no-sync",
            ]
        )

    def _command(self) -> Sequence[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "400",
            "shared_buffers": "128MB",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **({} if self.durable else _FAST),
        }
        return [
            *self._as_user(),
            self.program("postgres"),
            "-D",
            str(self.data),
            *(
                word
                for name, value in options.items()
                for word in ("-c", f"{name}={value}")
            ),
        ]

    def _as_user(self) -> list[str]:
        if os.geteuid() != 0:
            return []
        return [
            self.program("setpriv"),
            f"--reuid={self.account}",
            f"--regid={self.account}",
            "--init-groups",
        ]


_FAST = {
    # Written, though not to the disk, at every commit.
    "fsync": "off",
    "full_page_writes": "off",
}
