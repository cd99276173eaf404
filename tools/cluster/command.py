"""Commands of software that is not ours: their environment, their end."""

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.cluster.member import MARK

__all__ = ["CommandError", "end", "environment", "run"]

#: Seconds.
_TIMEOUT = 120

#: Of the caller's environment; PYTHONWARNINGS=error would end Keystone.
_KEPT = (
    # By which a cluster's processes are found again.
    MARK,
    "HOME",
    "LANG",
    "PATH",
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "TMPDIR",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)


class CommandError(Exception):
    """A command failed; the text has the end of its own words."""


def environment(**more: str) -> dict[str, str]:
    """What of the caller's environment is passed on, and `more`."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **more}


def run(
    argv: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
) -> None:
    """Run a command whose output goes to the end of `log`.

    :raises CommandError: where it fails or takes longer than `timeout`
    """
    with open(log, "ab") as output:
        try:
            code = subprocess.run(
                argv,
                env=environment(**(env or {})),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=timeout,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            raise CommandError(
                f"{argv[0]} did not end in {timeout:g} s; see {log}."
            ) from None
    if code:
        words = log.read_text(errors="replace")[-2000:]
        raise CommandError(f"{argv[0]} ended with {code}:\n{words}")


def end(pid: int, number: signal.Signals, timeout: float) -> None:
    """Signal a server that leads a group, and wait until all of it ended.

    :param timeout: seconds after which what is left is killed
    """
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        pids = [pid, *map(int, children.read_text().split())]
    except FileNotFoundError:
        return
    with contextlib.ExitStack() as handles:
        waiting = []
        for one in pids:
            with contextlib.suppress(ProcessLookupError):
                handle = os.pidfd_open(one)
                handles.callback(os.close, handle)
                waiting.append(handle)
        with contextlib.suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(pid, number)
            else:
                # The workers are the master's affair.
                os.kill(pid, number)
        until = time.monotonic() + timeout
        while waiting:
            left = until - time.monotonic()
            ended = select.select(waiting, [], [], max(0.0, left))[0]
            waiting = [handle for handle in waiting if handle not in ended]
            if waiting and left <= 0:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)
                return
