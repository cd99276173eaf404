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
from tools.lab.memory import memory  # noqa: E402
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
        return int(asked.run(asked, folder))
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
    verb.add_argument(
        "--virt-type",
        choices=("qemu", "kvm"),
        default="qemu",
        help="kvm, where the machine's KVM really runs guests",
    )
    verb.set_defaults(run=up)
    verb = verbs.add_parser("down", help="stop all of it, delete its data")
    verb.add_argument("--keep", action="store_true", help="keep the data")
    verb.set_defaults(run=down)
    verbs.add_parser("status", help="what runs").set_defaults(run=status)
    verb = verbs.add_parser("demo", help="the main job, before your eyes")
    verb.set_defaults(run=show)
    return made


def say(line: str) -> None:
    # At once: several threads say something.
    sys.stderr.write(f"{line}\n")


def up(asked: argparse.Namespace, folder: Path) -> int:
    lab = Lab(folder, virt_type=asked.virt_type)
    began = time.monotonic()
    lab.start(say)
    say(f"all of it: {time.monotonic() - began:.1f} s")
    print(
        f"servicevm is at {lab.servicevm.endpoint}, Keystone at "
        f"{lab.keystone.auth_url}\n"
        f"export OS_CLIENT_CONFIG_FILE={lab.clouds} OS_CLOUD=lab-demo\n"
        f"# or OS_CLOUD={', '.join(name for name in CLOUDS)}\n"
        "openstack server list"
    )
    return 0


def show(asked: argparse.Namespace, folder: Path) -> int:
    """The main job on what runs already, or on a lab for it alone."""
    began = time.monotonic()
    found = Lab.found(folder)
    lab = found or Lab(folder)
    ran = lab.running
    with contextlib.ExitStack() as stack:
        if not ran:
            stack.callback(lab.stop, say)
        lab.start(say)
        scratch = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="servicevm-lab-")
        )
        demo.run(lab, Path(scratch))
    if found is None:
        # Not where it failed: its logs say why.
        lab.stop(remove=True)
    print(f"\nThe demo took {time.monotonic() - began:.0f} s.")
    return 0


def down(asked: argparse.Namespace, folder: Path) -> int:
    lab = Lab.found(folder)
    if lab is None:
        say(f"There is no lab in {folder}.")
        return 0
    lab.stop(say, remove=not asked.keep)
    return 0


def status(asked: argparse.Namespace, folder: Path) -> int:
    """0 if all of it runs, 1 if anything does not."""
    lab = Lab.found(folder)
    if lab is None:
        say(f"There is no lab in {folder}.")
        return 1
    rows = list(lab.rows())
    print(f"{'Name':<18}{'PID':>8}{'Port':>7}  MiB")
    for name, pid, port in rows:
        print(
            f"{name:<18}{pid or 'down':>8}{port or '-':>7}  "
            f"{memory(pid) if pid else 0:.0f}"
        )
    print(f"together {sum(memory(pid) for _, pid, _ in rows if pid):.0f} MiB")
    return int(any(pid is None for _, pid, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
