"""Horizon with the panels of servicevm: ``python tools/horizon run``.

Starts, from nothing, a Keystone, a servicevm and a Horizon; ``down`` leaves
nothing of it. ``reload`` shows what was changed of the panels.
"""

import argparse
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a folder: its modules must not be taken for others' of the
    # same name.
    sys.path[0] = str(ROOT)
if not find_spec("keystoneauth1"):
    sys.exit(
        "This Python has not what the lab needs. Use make run-dashboard, or\n"
        "tools/bootstrap dashboard && .venv/bin/python tools/horizon up"
    )

from tools.cluster.configuration import write  # noqa: E402
from tools.cluster.errors import ERRORS  # noqa: E402
from tools.cluster.member import MARK  # noqa: E402
from tools.horizon import content  # noqa: E402
from tools.horizon.lab import PEOPLE, Lab  # noqa: E402

FOLDER = ROOT / ".cache" / "horizon"


def main() -> int:
    asked = parser().parse_args()
    folder = asked.folder.resolve()
    os.environ[MARK] = str(folder)
    try:
        return int(asked.run(asked, folder))
    except ERRORS as error:
        print(f"horizon: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("horizon: interrupted", file=sys.stderr)
        return 130


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="tools/horizon",
        description="A Horizon with our panels and all behind it, here.",
        epilog="example: python tools/horizon up --populate 50",
    )
    made.add_argument(
        "--folder",
        type=Path,
        default=FOLDER,
        help="where all of it is kept (default: .cache/horizon)",
    )
    verbs = made.add_subparsers(required=True, metavar="VERB")
    for name, run, text in (
        ("up", up, "start what does not run yet, and leave it running"),
        ("run", stay, "start it, wait for Ctrl-C, leave nothing"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument(
            "--devices", choices=tuple(content.TEMPLATES), default="noop"
        )
        verb.add_argument("--workers", type=int, default=1, metavar="N")
        verb.add_argument("--threads", type=int, default=8, metavar="N")
        verb.add_argument(
            "--populate", type=int, default=0, metavar="N", help="devices"
        )
        verb.set_defaults(run=run)
    verb = verbs.add_parser(
        "reload", help="Horizon anew, with the panels as they are now"
    )
    verb.add_argument(
        "--service", action="store_true", help="servicevm as well"
    )
    verb.set_defaults(run=reload)
    verbs.add_parser("status", help="what runs").set_defaults(run=status)
    verb = verbs.add_parser("down", help="stop all of it, delete its data")
    verb.add_argument("--keep", action="store_true", help="keep the data")
    verb.set_defaults(run=down)
    return made


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def up(asked: argparse.Namespace, folder: Path) -> int:
    lab = Lab(
        folder,
        devices=asked.devices,
        workers=asked.workers,
        threads=asked.threads,
    )
    lab.start(say)
    if asked.populate:
        with lab.client() as admin, lab.client("red-member") as member:
            content.populate(admin, member, asked.populate, say)
    text = words(lab)
    write(folder / "people.txt", text)
    print(text, flush=True)
    return 0


def words(lab: Lab) -> str:
    """Where it is and who may enter."""
    lines = [f"Horizon: {lab.web.url}", ""]
    lines += [
        f"  {user:<12} {lab.password(user):<34} {who}"
        for user, who in PEOPLE.items()
    ]
    lines += [
        "",
        f"export OS_CLIENT_CONFIG_FILE={lab.clouds} OS_CLOUD=red-member",
        f"Again in {lab.folder}/people.txt; logs in {lab.folder}/log.",
    ]
    return "\n".join(lines) + "\n"


def stay(asked: argparse.Namespace, folder: Path) -> int:
    """Until it is interrupted, at whatever point; a failure leaves logs."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        up(asked, folder)
        say("Ctrl-C ends it and deletes its data.")
        while True:
            signal.pause()
    except KeyboardInterrupt:
        # The second one is for who is impatient.
        down(argparse.Namespace(keep=False), folder)
    return 0


def reload(asked: argparse.Namespace, folder: Path) -> int:
    lab = Lab.found(folder)
    if lab is None or lab.service.pid is None:
        say(f"There is no lab running in {folder}.")
        return 1
    lab.reload(say, service=asked.service)
    return 0


def down(asked: argparse.Namespace, folder: Path) -> int:
    lab = Lab.found(folder)
    if lab is None:
        say(f"There is no lab in {folder}.")
        return 0
    lab.stop(say)
    if not asked.keep:
        lab.remove()
    return 0


def status(asked: argparse.Namespace, folder: Path) -> int:
    """0 if all of it runs, 1 if anything does not."""
    lab = Lab.found(folder)
    if lab is None:
        say(f"There is no lab in {folder}.")
        return 1
    rows = list(lab.rows())
    for name, pid, where in rows:
        print(f"{name:<12}{pid or 'down':>8}  {where}")
    return int(any(pid is None for _, pid, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
