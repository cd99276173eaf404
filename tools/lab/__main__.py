"""A real OpenStack on this machine: ``python tools/lab up``.

Keystone, Placement, Glance, Neutron with OVN and Nova, with guests that are
real (QEMU) and guests that are not; ``down`` leaves nothing of it.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a folder: its modules must not be taken for others' of the
    # same name.
    sys.path[0] = str(ROOT)
if not find_spec("pymysql"):
    sys.exit(
        "This Python has not what the lab needs. Use make lab, or\n"
        "tools/bootstrap lab && .venv/bin/python tools/lab up"
    )

from tools.cluster.errors import ERRORS  # noqa: E402
from tools.cluster.member import MARK  # noqa: E402
from tools.demo.terminal import DemoError  # noqa: E402
from tools.lab import demo  # noqa: E402
from tools.lab.environment import CACHE  # noqa: E402
from tools.lab.lab import Lab  # noqa: E402
from tools.lab.people import CLOUDS  # noqa: E402


def main() -> int:
    asked = parser().parse_args()
    if os.geteuid() != 0:
        print(
            "lab: it makes network namespaces and guests' interfaces, which "
            "needs root: run it with sudo",
            file=sys.stderr,
        )
        return 1
    folder = asked.folder.resolve()
    os.environ[MARK] = str(folder)
    try:
        return int(asked.run(asked, Lab(folder)))
    except ERRORS as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except DemoError as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="tools/lab",
        description="A real OpenStack on this machine.",
        epilog="example: python tools/lab up",
    )
    made.add_argument(
        "--folder",
        type=Path,
        default=CACHE,
        help="where all of it is kept (default: .cache/lab)",
    )
    verbs = made.add_subparsers(required=True, metavar="up|down|status|demo")
    verb = verbs.add_parser("up", help="start what does not run yet")
    verb.set_defaults(run=up)
    verb = verbs.add_parser("down", help="stop all of it, delete its data")
    verb.add_argument("--keep", action="store_true", help="keep the data")
    verb.set_defaults(run=down)
    verbs.add_parser("status", help="what runs").set_defaults(run=status)
    verb = verbs.add_parser("demo", help="the main job, before your eyes")
    verb.set_defaults(run=show)
    return made


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def up(asked: argparse.Namespace, lab: Lab) -> int:
    lab.start(say)
    print(
        f"export OS_CLIENT_CONFIG_FILE={lab.clouds} OS_CLOUD=lab-demo\n"
        f"# or OS_CLOUD={', '.join(name for name in CLOUDS)}\n"
        "openstack network list"
    )
    return 0


def show(asked: argparse.Namespace, lab: Lab) -> int:
    """The main job on what runs already, or on a lab for it alone."""
    began = time.monotonic()
    ran = lab.running
    with contextlib.ExitStack() as stack:
        if not ran:
            stack.callback(lab.stop, say)
        lab.start(say)
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="servicevm-lab-")
        )
        demo.run(lab, Path(folder))
    print(f"\nThe demo took {time.monotonic() - began:.0f} s.")
    return 0


def down(asked: argparse.Namespace, lab: Lab) -> int:
    lab.stop(say)
    if not asked.keep and lab.folder.exists():
        lab.remove()
    return 0


def status(asked: argparse.Namespace, lab: Lab) -> int:
    """0 if all of it runs, 1 if anything does not."""
    if not lab.clouds.exists():
        say(f"There is no lab in {lab.folder}.")
        return 1
    print(f"{'Name':<18}{'PID':>8}{'Port':>7}")
    for name, pid, port in lab.rows():
        print(f"{name:<18}{pid or 'down':>8}{port or '-':>7}")
    return int(not lab.running)


if __name__ == "__main__":
    sys.exit(main())
