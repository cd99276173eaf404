"""QEMU processes: started so that they outlive us, found again for sure.

QEMU holds a lock on its pid file as long as it lives. A pid is believed only
while that lock is held, and a process is signalled only through a pidfd that
was opened before the lock was seen: a pid that was given to another process
is never touched, whatever happened in between.
"""

import contextlib
import fcntl
import os
import select
import signal
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

# struct flock of 64-bit Linux; see fcntl(2).
_FLOCK = "hhxxxxqqixxxx"
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG")


def _locked(path: Path) -> bool:
    """Whether a living process holds the pid file's lock."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        question = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(handle, fcntl.F_OFD_GETLK, question)
        return bool(struct.unpack(_FLOCK, answer)[0] != fcntl.F_UNLCK)
    finally:
        os.close(handle)


def find(pid_file: Path) -> tuple[int, int] | None:
    """The living QEMU of a pid file: its pid and a pidfd to close."""
    try:
        pid = int(pid_file.read_text())
        pidfd = os.pidfd_open(pid)
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
    with contextlib.suppress(FileNotFoundError, ValueError):
        # In this order: the lock proves that the pid was QEMU's after the
        # pidfd was opened.
        if _locked(pid_file) and int(pid_file.read_text()) == pid:
            return pid, pidfd
    os.close(pidfd)
    return None


def alive(pid_file: Path) -> bool:
    return _locked(pid_file)


def wait_exit(pidfd: int, timeout: float) -> bool:
    """Wait for the process's end, at most `timeout` seconds."""
    poller = select.poll()
    poller.register(pidfd, select.POLLIN)
    return bool(poller.poll(timeout * 1000))


def kill(pid_file: Path, timeout: float) -> bool:
    """Kill the QEMU of a pid file.

    :returns: True once it is gone; False if it is still going
    """
    found = find(pid_file)
    if found is None:
        return not _locked(pid_file)
    pid, pidfd = found
    try:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        gone = wait_exit(pidfd, timeout)
    finally:
        os.close(pidfd)
    if gone:
        reap(pid)
    return gone


def reap(pid: int) -> None:
    """Take the exit status of a child; no harm where it is not ours."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def short_path(folder: int, path: Path) -> str:
    """A name of `path` that fits a socket address, however deep it lies.

    :param folder: descriptor of its folder
    """
    return f"/proc/self/fd/{folder}/{path.name}"


def listen(path: Path) -> socket.socket:
    """A listening unix socket for QEMU's control, mode 0600."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        path.unlink(missing_ok=True)
        listener.bind(short_path(folder, path))
        path.chmod(0o600)
        listener.listen(1)
    except BaseException:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener


def connect(path: Path, timeout: float) -> socket.socket:
    """A connection to QEMU's control socket.

    :raises OSError: nobody listens, or too many wait
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.settimeout(timeout)
        client.connect(short_path(folder, path))
    except BaseException:
        client.close()
        raise
    finally:
        os.close(folder)
    return client


def targets(files: Sequence[int]) -> list[int]:
    """Numbers that the files get in the child; none is one of `files`."""
    first = max([2, *files]) + 1
    return list(range(first, first + len(files)))


def spawn(argv: Sequence[str], files: Sequence[int], log: Path) -> int:
    """Start QEMU in a session of its own; it outlives this process.

    :param files: descriptors that it gets as the numbers of `targets`
    :param log: file for its stdout and stderr, made anew, mode 0600
    :returns: its pid; it is our child until it ends or we do
    """
    log.unlink(missing_ok=True)
    output = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), output, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
        *(
            (os.POSIX_SPAWN_DUP2, file, number)
            for file, number in zip(files, targets(files), strict=True)
        ),
    ]
    return os.posix_spawnp(
        argv[0],
        list(argv),
        {name: os.environ[name] for name in _KEPT if name in os.environ},
        file_actions=actions,
        setsid=True,
        setsigmask=[],
        setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM],
    )
