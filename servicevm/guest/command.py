"""Runs the tools of the image build, each with a deadline."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from servicevm.errors import IMAGE_BUILD_FAILED, TOOL_MISSING, PermanentError

#: Nothing of the caller's locale, clock or hash seed reaches the image.
_PINNED = {
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "SOURCE_DATE_EPOCH": "0",
    "PYTHONHASHSEED": "0",
}
_KEPT = ("HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy")


def run(
    argv: Sequence[str],
    *,
    package: str,
    timeout: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a tool and return what it wrote to stdout.

    :param package: Debian package that holds the tool, for the error
    :param timeout: seconds
    :raises PermanentError: TOOL_MISSING, or IMAGE_BUILD_FAILED with the
        tool's own words
    """
    full = {
        "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **_PINNED,
        **(env or {}),
    }
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=full,
            cwd=cwd,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise PermanentError(
            TOOL_MISSING,
            f"{argv[0]} is not installed; it is in the package {package}.",
        ) from error
    except subprocess.TimeoutExpired as error:
        raise PermanentError(
            IMAGE_BUILD_FAILED, f"{argv[0]} did not end in {timeout:g} s."
        ) from error
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise PermanentError(
            IMAGE_BUILD_FAILED,
            f"{argv[0]} ended with {done.returncode}: {words}",
        )
    return done.stdout
