"""Who asks: one class per ``[api] auth_strategy``.

``http_basic`` reads an htpasswd file with bcrypt hashes. The cost of the
hash is the lowest there is (4): the password is 256 random bits made by
`servicevm.api.credentials`, which nobody guesses at any cost, and the cost
is paid per client. A verified pair is remembered (as a keyed hash) until
the file changes, so that not every request pays.
"""

import base64
import binascii
import collections
import hashlib
import hmac
import ipaddress
import os
import secrets
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

import bcrypt
import falcon
from oslo_config import cfg
from oslo_log import log

from servicevm import context
from servicevm.context import RequestContext
from servicevm.errors import (
    UNAUTHENTICATED,
    UNAVAILABLE,
    PermanentError,
    TransientError,
)

LOG = log.getLogger(__name__)

#: Verified pairs that are remembered.
_REMEMBERED = 64

#: More than bcrypt looks at; it would otherwise be cut off silently.
_MAX_PASSWORD = 72


class Strategy(Protocol):
    """One way of knowing the caller.

    :ivar challenge: ``WWW-Authenticate`` of a 401
    """

    challenge: str

    def identify(self, req: falcon.Request) -> RequestContext:
        """The caller's context.

        :raises ServicevmError: UNAUTHENTICATED, or what else prevents it
        """


#: What a client of ``none`` never sees, and one of ``http_basic`` may.
_BASIC = 'Basic realm="servicevm"'


class NoAuth:
    """Everyone on this machine is the administrator."""

    challenge = _BASIC

    def identify(self, req: falcon.Request) -> RequestContext:
        if not from_here(req):
            raise PermanentError(
                UNAUTHENTICATED,
                "Without authentication (auth_strategy is none) only this "
                "machine itself is let in.",
            )
        return _administrator("admin", req)


class HttpBasic:
    """User and password from an htpasswd file (bcrypt, mode 0600).

    :param path: read again when it changes; it may not exist yet
    :raises OSError: it can not be read
    """

    challenge = _BASIC

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, int, int] | None = None
        self._hashes: Mapping[str, bytes] = {}
        self._key = secrets.token_bytes(32)
        # Verified pairs, oldest first.
        self._verified: collections.OrderedDict[bytes, None] = (
            collections.OrderedDict()
        )
        # So that an unknown user takes as long as a wrong password.
        self._nobody = bcrypt.hashpw(b"nobody", bcrypt.gensalt(4))
        self._read()

    def identify(self, req: falcon.Request) -> RequestContext:
        user, password = _credentials(req)
        try:
            good = self._verify(user, password)
        except OSError as error:
            LOG.error("The passwords can not be read: %s", error)
            raise TransientError(
                UNAVAILABLE, "The passwords can not be read."
            ) from error
        if not good:
            raise PermanentError(
                UNAUTHENTICATED, "The user name or the password is wrong."
            )
        return _administrator(user, req)

    def _verify(self, user: str, password: bytes) -> bool:
        with self._lock:
            stored = self._read().get(user)
            mark = hmac.digest(
                self._key,
                b"\0".join((user.encode(), stored or b"", password)),
                hashlib.sha256,
            )
            if mark in self._verified:
                return True
        good = len(password) <= _MAX_PASSWORD and bcrypt.checkpw(
            password, stored or self._nobody
        )
        if stored is None or not good:
            return False
        with self._lock:
            self._verified[mark] = None
            while len(self._verified) > _REMEMBERED:
                self._verified.popitem(last=False)
        return True

    def _read(self) -> Mapping[str, bytes]:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self._stamp, self._hashes = None, {}
            return self._hashes
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp != self._stamp:
            # What is no text is nobody's hash.
            self._hashes = _entries(self._path.read_text(errors="replace"))
            self._stamp = stamp
            self._verified.clear()
        return self._hashes


def strategy(conf: cfg.ConfigOpts) -> Strategy:
    """The strategy that is configured."""
    makers: Mapping[str, Callable[[], Strategy]] = {
        "none": NoAuth,
        "http_basic": lambda: HttpBasic(Path(conf.api.auth_file)),
        "keystone": lambda: _keystone(conf),
    }
    return makers[conf.api.auth_strategy]()


def from_here(req: falcon.Request) -> bool:
    """Whether this machine asks, and not for somebody else, as proxies do."""
    if req.get_header("X-Forwarded-For") or req.get_header("Forwarded"):
        return False
    try:
        return ipaddress.ip_address(req.remote_addr or "").is_loopback
    except ValueError:
        return False


def _keystone(conf: cfg.ConfigOpts) -> Strategy:
    # Imported here: it costs a fifth of a second and is not always used.
    from servicevm.api.identity import Keystone

    return Keystone(conf)


def _entries(text: str) -> dict[str, bytes]:
    """``user:hash`` per line; other kinds of hashes let nobody in."""
    found = {}
    for line in text.splitlines():
        user, _, stored = line.strip().partition(":")
        if user and stored.startswith(("$2a$", "$2b$", "$2y$")):
            found[user] = stored.encode()
    return found


def _credentials(req: falcon.Request) -> tuple[str, bytes]:
    header = req.get_header("Authorization") or ""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise PermanentError(
            UNAUTHENTICATED,
            "Send a user name and a password with HTTP basic "
            "authentication (auth_type http_basic in clouds.yaml).",
        )
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
        user, _, password = decoded.partition(b":")
        return user.decode(), password
    except (binascii.Error, UnicodeDecodeError):
        raise PermanentError(
            UNAUTHENTICATED, "The Authorization header can not be read."
        ) from None


def _administrator(user: str, req: falcon.Request) -> RequestContext:
    return context.administrator(
        user,
        request_id=req.context.request_id,
        global_request_id=req.context.global_request_id,
    )
