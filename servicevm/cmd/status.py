"""``servicevm-status upgrade check``: may this release be started?

Run with the new release installed, before its processes are started.

Exit codes: 0 yes, 1 there is something to look at, 2 no (the output says
why and what to do), 255 it could not be found out.
"""

import datetime
import os
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from typing import Any

import sqlalchemy as sa
from cryptography import x509
from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log
from oslo_upgradecheck import upgradecheck
from oslo_upgradecheck.upgradecheck import Code, Result
from sqlalchemy.exc import SQLAlchemyError

from servicevm import conf as servicevm_conf
from servicevm import pki, plans
from servicevm.conf import DEFAULT_RELAY_GROUP
from servicevm.db import api as db
from servicevm.db import models, schema
from servicevm.db.leases import LIVE
from servicevm.drivers import INFRA, MGMT, driver_names
from servicevm.enforcer import Policy, PolicyError
from servicevm.states import ProcessRole

__all__ = ["Checks", "main"]

#: Most names that a sentence lists.
_MOST = 5
#: Most certificates that are looked at, the newest ones.
_CERTIFICATES = 100


class Checks(upgradecheck.UpgradeCommands):
    """Each check answers with a result and a sentence.

    :param conf: names the database and the policy file
    """

    display_title = "servicevm upgrade check"

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._conf = conf
        #: Whether the tables are those of this release.
        self._fits = False

    def database(self) -> Result:
        """Whether it answers, and is at the version that this needs."""
        try:
            db.configure(self._conf)
            found, wanted = schema.version(), schema.head()
            if found != wanted:
                return Result(
                    Code.FAILURE,
                    f"The database is at version {found or 'none'}, this "
                    f"release needs {wanted}. Run: servicevm-manage db sync",
                )
            differences = schema.differences()
        except (DBError, SQLAlchemyError) as error:
            return Result(
                Code.FAILURE,
                f"The database refuses: {_first_line(error)}. Look at "
                "[database] connection.",
            )
        self._fits = True
        if differences:
            return Result(
                Code.WARNING,
                "The database was changed by hand; servicevm-manage db check "
                "lists what differs.",
            )
        return Result(Code.SUCCESS, f"It is at version {found}.")

    def operations(self) -> Result:
        """Whether what is under way can be gone on with."""
        operation = models.Operation
        rows = self._rows(
            sa.select(
                operation.id,
                operation.resource_type,
                operation.action,
                operation.step,
                operation.plan_version,
            ).where(operation.state.in_(LIVE))
        )
        if rows is None:
            return _NOT_LOOKED
        unknown = [row.id for row in rows if not _knows(row)]
        if unknown:
            return Result(
                Code.FAILURE,
                f"{_some(unknown)} are at steps that this release does not "
                "know. Let the old release end them, or cancel them.",
            )
        older = [
            row.id for row in rows if row.plan_version != plans.PLAN_VERSION
        ]
        if older:
            return Result(
                Code.WARNING,
                f"{_some(older)} were begun by a release with other plans; "
                "they go on with the steps of this one.",
            )
        return Result(Code.SUCCESS, f"{len(rows)} are under way.")

    def service_types(self) -> Result:
        """Whether the types of all services are installed."""
        rows = self._rows(sa.select(models.Service.service_type).distinct())
        if rows is None:
            return _NOT_LOOKED
        there = metadata.entry_points(group="servicevm.service_types").names
        return _missing(
            {row.service_type for row in rows}, set(there), "service types"
        )

    def drivers(self) -> Result:
        """Whether the drivers of all templates are installed."""
        rows = self._rows(sa.select(models.DeviceTemplateRevision.spec))
        if rows is None:
            return _NOT_LOOKED
        used = {
            f"{kind} {row.spec[key]}"
            for row in rows
            for kind, key in (
                ("infra", "infra_driver"),
                ("mgmt", "mgmt_driver"),
            )
        }
        there = {f"infra {name}" for name in driver_names(INFRA)}
        there |= {f"mgmt {name}" for name in driver_names(MGMT)}
        return _missing(used, there, "drivers")

    def authority(self) -> Result:
        """Whether the CA that is here is the one of the devices.

        What the database holds is the certificate with which each device
        enrolled; later ones only by their serial numbers.
        """
        token = models.EnrolmentToken
        rows = self._rows(
            sa.select(token.certificate)
            .where(token.certificate.is_not(None))
            .order_by(token.created_at.desc())
            .limit(_CERTIFICATES)
        )
        if rows is None:
            return _NOT_LOOKED
        folder = self._conf.pki.dir
        if not rows:
            return Result(Code.SUCCESS, "No device has enrolled yet.")
        try:
            authority = pki.authority(self._conf)
            enrolled = [
                x509.load_pem_x509_certificate(row.certificate.encode())
                for row in rows
            ]
            strangers = [one for one in enrolled if not authority.trusts(one)]
        except (OSError, ValueError) as error:
            return Result(
                Code.WARNING,
                f"The CA in [pki] dir, {folder}, can not be read: "
                f"{_first_line(error)}. Conductors need it; where none runs, "
                "all is well.",
            )
        # One that is over has been renewed since, maybe by another CA.
        now = datetime.datetime.now(datetime.UTC)
        current = any(one.not_valid_after_utc > now for one in strangers)
        if len(strangers) == len(enrolled) and current:
            return Result(
                Code.FAILURE,
                f"The CA in [pki] dir, {folder}, issued none of the devices' "
                "certificates: no agent would find its way. Put the folder "
                "there that they were enrolled with.",
            )
        if strangers:
            return Result(
                Code.WARNING,
                f"{len(strangers)} of the {len(enrolled)} devices that "
                "enrolled last did so with a CA that is not in [pki] dir, "
                f"{folder}. That is right after a roll-over that is complete; "
                "else put the folder there that they were enrolled with.",
            )
        return Result(Code.SUCCESS, f"It issued {len(enrolled)} certificates.")

    def relay_groups(self) -> Result:
        """Whether relays would serve the new devices that they served."""
        process, group = models.Process, models.RelayGroup
        rows = self._rows(
            sa.select(process.name, process.group)
            .outerjoin(group, group.name == process.group)
            .where(
                process.role == str(ProcessRole.RELAY),
                process.group != DEFAULT_RELAY_GROUP,
                group.project_id.is_(None),
            )
            .order_by(process.name)
        )
        specs = self._rows(sa.select(models.DeviceTemplateRevision.spec))
        if rows is None or specs is None:
            return _NOT_LOOKED
        named = {
            (row.spec.get("mgmt_options") or {}).get("relay_group")
            for row in specs
        }
        idle = [
            f"{row.name} ({row.group})"
            for row in rows
            if row.group not in named
        ]
        if idle:
            more = ", ..." if len(idle) > _MOST else ""
            return Result(
                Code.WARNING,
                "No new device uses the relay groups of the relays "
                f"{', '.join(idle[:_MOST])}{more}. Let a template name the "
                "group (mgmt_options.relay_group), bind it to a project "
                "(relay group create --project), or take [relay] group away.",
            )
        return Result(Code.SUCCESS)

    def policy(self) -> Result:
        """Whether the policy file can be read."""
        try:
            Policy(self._conf)
        except PolicyError as error:
            return Result(Code.FAILURE, str(error))
        return Result(Code.SUCCESS)

    _upgrade_checks: tuple[tuple[str, Callable[["Checks"], Result]], ...] = (
        ("Database", database),
        ("Operations", operations),
        ("Service types", service_types),
        ("Drivers", drivers),
        ("CA", authority),
        ("Relay groups", relay_groups),
        ("Policy", policy),
    )

    def _rows(self, query: Any) -> list[Any] | None:
        """What a query finds; None where the tables are others."""
        if not self._fits:
            return None
        with db.reader() as session:
            return list(session.execute(query))


_NOT_LOOKED = Result(
    Code.WARNING, "Not looked at: the database is not at this version."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; see the module's docstring."""
    os.umask(0o077)
    conf = servicevm_conf.register(cfg.ConfigOpts())
    log.register_options(conf)
    db.register(conf)
    # One look is enough to say that there is no answer.
    conf.set_default("max_retries", 1, group="database")
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        code: int = upgradecheck.main(
            conf, "servicevm", Checks(conf), given or ["--help"]
        )
    except cfg.Error as error:
        print(
            f"servicevm-status: The configuration can not be used: {error}",
            file=sys.stderr,
        )
        return 255
    finally:
        db.dispose()
    return code


def _knows(row: Any) -> bool:
    try:
        return row.step in plans.steps_of(row.resource_type, row.action)
    except (KeyError, ValueError):
        return False


def _missing(used: set[str], there: set[str], what: str) -> Result:
    missing = sorted(used - there)
    if missing:
        return Result(
            Code.FAILURE,
            f"These {what} are in use and not installed: "
            f"{', '.join(missing[:_MOST])}. Install what has them.",
        )
    return Result(Code.SUCCESS, f"{len(used)} are in use.")


def _some(ids: list[str]) -> str:
    """How many operations, and which the first are."""
    named = ", ".join(ids[:_MOST])
    more = ", ..." if len(ids) > _MOST else ""
    return f"{len(ids)} operations ({named}{more})"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
