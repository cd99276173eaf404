"""The sockets that agents come to."""

import contextlib
import errno
import fcntl
import os
import socket
from pathlib import Path

from servicevm.errors import PORT_TAKEN, PermanentError

#: Longest path of a unix socket on Linux, without the final NUL.
_LONGEST_PATH = 107
_BACKLOG = 1024


class SerialSocket:
    """The unix socket that QEMU dials, mode 0600 in a folder of mode 0700.

    A lock beside it says whether its owner lives, so that the socket of one
    that was killed is replaced and that of a living one is not. It is put in
    place by rename: whoever dials meets the old one or the new one.

    :raises PermanentError: PORT_TAKEN if another relay holds it, or the
        path is in use by something that is no socket, or is too long
    """

    def __init__(self, path: Path) -> None:
        if len(os.fsencode(f"{path}.new")) > _LONGEST_PATH:
            raise PermanentError(
                PORT_TAKEN,
                f"[relay] serial_socket is too long for a socket: {path}",
            )
        self._path = path
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        self._lock = os.open(
            f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
        )
        try:
            self.socket = self._bind()
        except BaseException:
            os.close(self._lock)
            raise

    def _bind(self) -> socket.socket:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermanentError(
                PORT_TAKEN, f"Another relay listens on {self._path}."
            ) from None
        if self._path.exists() and not self._path.is_socket():
            raise PermanentError(
                PORT_TAKEN, f"{self._path} exists and is no socket."
            )
        fresh = Path(f"{self._path}.new")
        fresh.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(str(fresh))
            fresh.chmod(0o600)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
            fresh.rename(self._path)
        except BaseException:
            listener.close()
            raise
        return listener

    def close(self) -> None:
        """Take the socket away; the lock goes last."""
        self._path.unlink(missing_ok=True)
        self.socket.close()
        os.close(self._lock)


def tcp_socket(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 takes any.

    :raises PermanentError: PORT_TAKEN
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with contextlib.ExitStack() as on_error:
            listener = socket.socket(family, kind, protocol)
            on_error.callback(listener.close)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
            on_error.pop_all()
            return listener
    except OSError as error:
        reason = errno.errorcode.get(error.errno or 0, str(error))
        raise PermanentError(
            PORT_TAKEN, f"Cannot listen on {host}:{port}: {reason}"
        ) from error
