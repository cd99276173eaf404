"""``servicevm-manage``: the database, the guest image, the relays' keys.

Exit codes: 0 done, 1 refused or failed (stderr says why and what to do),
2 wrong usage, 3 ``db check`` found that something is to be done.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path

from oslo_config import cfg
from oslo_db import exception
from oslo_log import log

from servicevm import clock
from servicevm import conf as servicevm_conf
from servicevm.errors import ServicevmError

#: Days of a century; nothing here is older.
_MAX_DAYS = 36_525
DAY = 24 * 3600 * clock.SECOND


class Exit(IntEnum):
    """What the process ends with."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CHECK = 3


Command = Callable[[argparse.Namespace, cfg.ConfigOpts], Exit]


def db_sync(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Bring the database's schema up to date."""
    from servicevm.db import api

    print(f"The database is at version {api.sync(conf)}.")
    return Exit.OK


def db_version(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Print the version of the database's schema."""
    from servicevm.db import api, schema

    if _empty(conf):
        print("none")
        return Exit.OK
    api.configure(conf)
    print(schema.version() or "none")
    return Exit.OK


def db_check(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Say whether the database fits this release."""
    from servicevm.db import api, schema

    if _empty(conf):
        print("There is no database. Run: servicevm-manage db sync")
        return Exit.CHECK
    api.configure(conf)
    found, wanted = schema.version(), schema.head()
    if found is not None and found > wanted:
        print(
            f"The database is at version {found}, this release has no more "
            f"than {wanted}. Install the release that made it."
        )
        return Exit.CHECK
    if found != wanted:
        print(
            f"The database is at version {found or 'none'}, this release "
            f"needs {wanted}. Run: servicevm-manage db sync"
        )
        return Exit.CHECK
    differences = schema.differences()
    if differences:
        print("The database was changed by hand; it differs from version:")
        for difference in differences:
            print(f"  {difference}")
        return Exit.CHECK
    print(f"The database is at version {found}, as this release needs.")
    return Exit.OK


def db_purge(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Delete ended operations, events and idempotency keys that are old."""
    from servicevm.db import api, purge

    days = conf.conductor.keep_days if args.days is None else args.days
    if _empty(conf):
        print("There is no database; nothing to delete.")
        return Exit.OK
    api.configure(conf, patient=True)
    with api.reader() as session:
        before = api.now(session) - days * DAY
    counts = purge.purge_old(before)
    for kind, count in counts.items():
        print(f"{kind}: {count} deleted, older than {days} days")
    return Exit.OK


def image_build(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Build the guest image; what is there already is kept."""
    from servicevm.guest.build import build

    folder = args.output or Path(conf.qemu.image_dir)
    build(folder, progress=_progress)
    print(folder)
    return Exit.OK


def image_show(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Show what the guest image is made of."""
    from servicevm.guest.manifest import Manifest

    folder = args.output or Path(conf.qemu.image_dir)
    manifest = Manifest.read(folder)
    print(f"folder    {folder}")
    print(f"key       {manifest.key}")
    print(f"kernel    {manifest.kernel}")
    for name in sorted(manifest.files):
        # What it takes on the disk: the state disk is mostly a hole.
        kib = os.stat(folder / name).st_blocks // 2
        print(f"file      {name}  {kib} KiB  sha256:{manifest.files[name]}")
    for package in manifest.packages:
        print(f"package   {package.name} {package.version}")
    return Exit.OK


def image_upload(args: argparse.Namespace, conf: cfg.ConfigOpts) -> Exit:
    """Give a cloud's Glance the guest image, and print its id there."""
    from servicevm.guest import glance, glance_login

    connection = glance_login.connect(conf, args.os_cloud, say=_progress)
    print(
        glance.upload(
            connection,
            args.source or Path(conf.qemu.image_dir),
            name=args.name,
            tag=args.tag,
            timeout=args.timeout,
            say=_progress,
            sent=_sent,
        )
    )
    return Exit.OK


def pki_relay_certificate(
    args: argparse.Namespace, conf: cfg.ConfigOpts
) -> Exit:
    """Write key, certificate and roots for a servicevm-relay."""
    from servicevm import pki

    try:
        written = pki.export_relay(conf, args.name, args.output, args.group)
    except ValueError as error:
        return _fail(f"{error}.")
    for path in written:
        print(path)
    return Exit.OK


_EPILOG = """\
examples:
  servicevm-manage db check
  servicevm-manage --state-dir /tmp/svm db sync
  servicevm-manage db purge --days 7
  servicevm-manage image build
  servicevm-manage image upload --os-cloud servicevm
  servicevm-manage pki relay-certificate relay1 --output /etc/servicevm/relay1
  servicevm-manage pki relay-certificate blue1 --group blue --output blue1
"""


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="servicevm-manage",
        description="Look after the database, the guest image and keys.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--config-file",
        action="append",
        metavar="FILE",
        help="configuration to read; may be repeated",
    )
    made.add_argument(
        "--state-dir",
        type=Path,
        metavar="DIR",
        help="folder of everything that is kept; overrides state_dir",
    )
    nouns = made.add_subparsers(metavar="{db,image,pki}", required=True)

    database = nouns.add_parser("db", help="the database")
    verbs = database.add_subparsers(metavar="VERB", required=True)
    _verb(verbs, "sync", db_sync)
    _verb(verbs, "check", db_check)
    _verb(verbs, "version", db_version)
    purge = _verb(verbs, "purge", db_purge)
    purge.add_argument(
        "--days",
        type=_days,
        metavar="N",
        help="keep what is younger; [conductor] keep_days if not given",
    )

    image = nouns.add_parser("image", help="the guest image")
    verbs = image.add_subparsers(metavar="VERB", required=True)
    for name, command in (("build", image_build), ("show", image_show)):
        verb = _verb(verbs, name, command)
        verb.add_argument(
            "--output",
            type=Path,
            metavar="DIR",
            help="folder of the image; [qemu] image_dir if not given",
        )

    _upload(_verb(verbs, "upload", image_upload))

    certificates = nouns.add_parser("pki", help="the built-in CA")
    verbs = certificates.add_subparsers(metavar="VERB", required=True)
    issue = _verb(verbs, "relay-certificate", pki_relay_certificate)
    issue.add_argument("name", metavar="NAME", help="the relay's name")
    issue.add_argument(
        "--group",
        default=servicevm_conf.DEFAULT_RELAY_GROUP,
        metavar="GROUP",
        help="its relay group, as [relay] group of its own configuration; "
        "default if not given",
    )
    issue.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        required=True,
        help="folder that gets key.pem, certificate.pem and ca.pem",
    )
    return made


def _upload(verb: argparse.ArgumentParser) -> None:
    from servicevm.drivers.infra.nova import template

    verb.epilog = (
        "It logs in as --os-cloud says, or the environment (OS_CLOUD, "
        "OS_AUTH_URL and so on), or the section [nova]. The same image again "
        "changes nothing. Example: servicevm-manage image upload --os-cloud "
        "servicevm --tag servicevm"
    )
    verb.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="DIR",
        help="folder of the image; [qemu] image_dir if not given",
    )
    verb.add_argument(
        "--name",
        default="servicevm-guest",
        help="name in the cloud (default: %(default)s)",
    )
    verb.add_argument(
        "--tag",
        default=template.IMAGE_TAG,
        help="what the infra driver finds it by (default: %(default)s)",
    )
    verb.add_argument(
        "--os-cloud",
        metavar="NAME",
        help="a cloud of clouds.yaml; the project has to be the one that "
        "owns the service's servers",
    )
    verb.add_argument(
        "--timeout",
        type=_seconds,
        default=600,
        metavar="SECONDS",
        help="for all of it (default: %(default)s)",
    )


def configure(args: argparse.Namespace) -> cfg.ConfigOpts:
    """Read the configuration files."""
    conf = servicevm_conf.register(cfg.ConfigOpts())
    log.register_options(conf)
    conf(
        [],
        project="servicevm",
        default_config_files=args.config_file,
    )
    if args.state_dir is not None:
        conf.set_override("state_dir", str(args.state_dir.resolve()))
    return conf


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; see the module's docstring."""
    os.umask(0o077)
    args = parser().parse_args(argv)
    # Not needed to show help.
    from sqlalchemy.exc import SQLAlchemyError

    command: Command = args.command
    try:
        return command(args, configure(args))
    except ServicevmError as error:
        return _fail(f"{error.detail} {error.reason.hint}")
    except cfg.Error as error:
        return _fail(f"The configuration can not be used: {error}")
    except (exception.DBError, SQLAlchemyError) as error:
        return _fail(
            f"The database refuses: {error}. Look at [database] connection; "
            "servicevm-manage db check says whether its version is right."
        )
    except OSError as error:
        return _fail(f"{error}.")


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    command: Command,
) -> argparse.ArgumentParser:
    made = verbs.add_parser(
        name, help=command.__doc__, description=command.__doc__
    )
    made.set_defaults(command=command)
    return made


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) > _MAX_DAYS:
        raise argparse.ArgumentTypeError(
            f"it must be a number from 0 to {_MAX_DAYS}"
        )
    days = int(text)
    return days


def _seconds(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= DAY // clock.SECOND:
        raise argparse.ArgumentTypeError("it must be seconds, at most a day")
    return int(text)


def _empty(conf: cfg.ConfigOpts) -> bool:
    """Whether the database is a file that is not there.

    Looking must not make it.
    """
    import sqlalchemy as sa

    from servicevm.db import api

    url = sa.make_url(api.connection_url(conf))
    return (
        url.get_backend_name() == "sqlite"
        and bool(url.database)
        and not Path(str(url.database)).exists()
    )


def _progress(sentence: str) -> None:
    print(f"{sentence} ...", file=sys.stderr, flush=True)


def _sent(sent: int, size: int) -> None:
    """How far an upload is, in place, for somebody who looks."""
    if sys.stderr.isatty():
        end = "\n" if sent == size else ""
        print(
            f"\r{100 * sent // size:3} %", end=end, file=sys.stderr, flush=True
        )


def _fail(sentence: str) -> Exit:
    print(f"servicevm-manage: {sentence}", file=sys.stderr)
    return Exit.FAILED
