"""The thread by which a process says that it lives."""

import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log
from sqlalchemy.exc import SQLAlchemyError

from servicevm.db import api as db
from servicevm.db import processes
from servicevm.states import ProcessRole

__all__ = ["Presence", "id_of_server"]

LOG = log.getLogger(__name__)

#: Namespace of ids that are made of what is the same for several processes.
_NAMESPACE = uuid.UUID("6a1b6c1e-56a6-4b38-9d0e-5d1f6a0f7f0c")


class Presence:
    """Reports a process of the api or a conductor every few seconds.

    ::

        presence = Presence(conf, ProcessRole.API)
        presence.start()

    A database that is away for a while is no reason to end.

    :param id: UUID; processes that give the same one are listed as one
    :param count: called after each report with the number of processes of
        this role that are alive, this one too
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        role: ProcessRole,
        *,
        id: str | None = None,
        count: Callable[[int], None] | None = None,
    ) -> None:
        self._count = count
        self._report = processes.Report(
            role=role,
            name=str(conf[str(role)].name),
            id=id or str(uuid.uuid4()),
            host=str(conf.host),
            version=version("servicevm"),
        )
        self._displaced = False
        self._failing = False
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0

    def start(self) -> None:
        """Begin; does nothing where it runs in this process already.

        After a fork it has to be called in the child: threads stay behind.
        """
        if self._thread is not None and self._pid == os.getpid():
            return
        self._pid = os.getpid()
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._over,), name="presence", daemon=True
        )
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End; the row stays, and says soon that the process is gone.

        :param timeout: seconds
        """
        if self._thread is not None:
            self._over.set()
            self._thread.join(timeout)
            self._thread = None

    def report(self) -> processes.Standing:
        """Say once that this process lives.

        :raises oslo_db.exception.DBError: if the database can not take it
        """
        told = self._report
        standing = db.write(lambda session: processes.report(session, told))
        self._report = replace(told, started_at=standing.started_at)
        if standing.displaced and not self._displaced:
            LOG.warning(
                "Another process is the %s %s; this one is not listed. Give "
                "one of them another name: [%s] name.",
                told.role,
                told.name,
                told.role,
            )
        self._displaced = standing.displaced
        if self._count is not None:
            with db.reader() as session:
                alive = processes.count_alive(session)
            # One whose name a younger one has is not among them.
            count = alive.get(told.role, 0) + standing.displaced
            # A cluster's other node may not have our own row yet.
            self._count(max(count, 1))
        return standing

    def _run(self, over: threading.Event) -> None:
        while not over.is_set():
            try:
                self.report()
                self._failing = False
            except (DBError, SQLAlchemyError) as error:
                if not self._failing:
                    LOG.warning("Cannot report that I live: %s", error)
                self._failing = True
            except Exception:
                # Of who is told how many there are. A process that works must
                # not look dead for it.
                LOG.exception("Reporting that I live failed.")
            over.wait(processes.REPORT_EVERY)


def id_of_server() -> str:
    """The same for all workers of one WSGI server: that of their parent."""
    parent = os.getppid()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    try:
        stat = Path(f"/proc/{parent}/stat").read_text()
    except OSError:
        began = ""  # it has just gone
    else:
        # After the name, which may hold anything, up to its bracket.
        began = stat.rpartition(")")[2].split()[19]
    return str(uuid.uuid5(_NAMESPACE, f"{boot}/{parent}/{began}"))
