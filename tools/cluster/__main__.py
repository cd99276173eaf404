"""A cloud's servicevm on one machine: ``python tools/cluster up``.

Starts, from nothing, Keystone, RabbitMQ and a database, two APIs behind
haproxy, three conductors and two relays; ``down`` leaves nothing of it.
"""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a folder: its modules must not be taken for others' of the
    # same name.
    sys.path[0] = str(ROOT)
if not find_spec("pymysql"):
    sys.exit(
        "This Python has not what the cluster needs. Use make cluster, or\n"
        "tools/bootstrap test && .venv/bin/python tools/cluster up"
    )

from tools.cluster.cluster import DATABASES, Cluster  # noqa: E402
from tools.cluster.errors import ERRORS  # noqa: E402
from tools.cluster.member import MARK  # noqa: E402

FOLDER = ROOT / ".cache" / "cluster"


def main() -> int:
    asked = parser().parse_args()
    folder = asked.folder.resolve()
    os.environ[MARK] = str(folder)
    try:
        return int(asked.run(asked, folder))
    except ERRORS as error:
        print(f"cluster: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cluster: interrupted; nothing was left", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="tools/cluster",
        description="A whole servicevm of many processes, on this machine.",
        epilog="example: python tools/cluster up --database postgresql",
    )
    made.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        help="where all of it is kept (default: .cache/cluster)",
    )
    verbs = made.add_subparsers(required=True, metavar="up|down|status")
    verb = verbs.add_parser("up", help="start what does not run yet")
    verb.add_argument("--database", choices=DATABASES, default="mariadb")
    verb.add_argument("--devices", choices=("noop", "qemu"), default="noop")
    verb.set_defaults(run=up)
    verb = verbs.add_parser("down", help="stop all of it, delete its data")
    verb.add_argument("--keep", action="store_true", help="keep the data")
    verb.set_defaults(run=down)
    verbs.add_parser("status", help="what runs").set_defaults(run=status)
    return made


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def up(asked: argparse.Namespace, folder: Path) -> int:
    cluster = Cluster(folder, database=asked.database, devices=asked.devices)
    cluster.start(say)
    template = (
        "--infra-driver noop --mgmt-driver noop "
        "--interface role=ingress,network=any"
    )
    if asked.devices == "qemu":
        template = (
            "--infra-driver qemu --mgmt-driver agent "
            "--interface role=ingress,network=user"
        )
    print(
        f"servicevm is at {cluster.endpoint}, Keystone at "
        f"{cluster.keystone.auth_url}\n"
        f"export OS_CLIENT_CONFIG_FILE={cluster.clouds} OS_CLOUD=admin\n"
        "# or OS_CLOUD=member, reader; demo is another project\n"
        f"openstack servicevm device template create {template} "
        "--service-type loadbalancer --slots 4 lb\n"
        "OS_CLOUD=member openstack servicevm device create --template lb "
        "--wait 180 lb1\n"
        "openstack servicevm conductor list"
    )
    return 0


def down(asked: argparse.Namespace, folder: Path) -> int:
    cluster = Cluster.found(folder)
    if cluster is None:
        say(f"There is no cluster in {folder}.")
        return 0
    cluster.stop(say)
    if not asked.keep:
        cluster.remove()
    return 0


def status(asked: argparse.Namespace, folder: Path) -> int:
    """0 if all of it runs, 1 if anything does not."""
    cluster = Cluster.found(folder)
    if cluster is None:
        say(f"There is no cluster in {folder}.")
        return 1
    rows = list(cluster.rows())
    print(f"{'Name':<12}{'PID':>8}{'Port':>7}  State")
    for name, pid, port, state in rows:
        print(f"{name:<12}{pid or '-':>8}{port or '-':>7}  {state}")
    return int(any(state != "up" for *_, state in rows))


if __name__ == "__main__":
    sys.exit(main())
