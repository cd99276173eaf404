"""Who asks, by Keystone's word: ``[api] auth_strategy = keystone``.

keystonemiddleware checks the token, the service token and, for application
credentials, the access rules; it is called from inside the application, so
that refusals have our form and 401 (the token) is told from 503 (Keystone).

Its own cache in the process has no bound and one copy per thread, and a
token in it is parsed on every request. So what is remembered here is the
finished context: `REMEMBERED` tokens at the most, each for
``token_cache_time`` seconds or until it expires; it is known by its hash
only. ``memcached_servers``, if set, is asked after that: what one process
verified, the others need not ask Keystone about.
"""

import collections
import copy
import hashlib
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import falcon
import webob
from keystoneauth1 import exceptions as keystone_exceptions
from keystoneauth1 import loading
from keystonemiddleware import auth_token
from oslo_config import cfg
from oslo_log import log
from oslo_utils import timeutils

from servicevm.context import RequestContext
from servicevm.errors import (
    IDENTITY_UNAVAILABLE,
    PROJECT_NEEDED,
    UNAUTHENTICATED,
    PermanentError,
    TransientError,
)

LOG = log.getLogger(__name__)

#: Tokens that are remembered; about 3 KiB each.
REMEMBERED = 4096

#: More than any token is long; Keystone's own have about 200 characters.
_MAX_TOKEN = 16384

#: What keystonemiddleware falls over where somebody else answers, such as
#: the page of a proxy.
_NONSENSE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    NotImplementedError,
)

_GROUP = "keystone_authtoken"
_CACHE = "servicevm.token_cache"


def register(conf: cfg.ConfigOpts) -> None:
    """Register ``[keystone_authtoken]`` with safer defaults.

    keystonemiddleware would wait for ever, and try for seconds where
    nobody listens: each request would hold one of few threads meanwhile.

    It would also take anybody's token for a service token, beside which no
    access rules hold: an application credential's own token would do.
    """
    for group, opts in auth_token.list_opts():
        conf.register_opts(opts, group=group)
    # Not in the options themselves: on cfg.CONF keystonemiddleware has
    # registered its own already.
    conf.set_default("http_connect_timeout", 5, group=_GROUP)
    conf.set_default("http_request_max_retries", 1, group=_GROUP)
    conf.set_default("service_token_roles_required", True, group=_GROUP)


class Keystone:
    """The strategy; thread-safe.

    :raises cfg.Error: ``[keystone_authtoken]`` says too little
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        register(conf)
        options = conf[_GROUP]
        url = _auth_url(conf)
        _check_files(conf)
        uri = options.www_authenticate_uri or url
        self.challenge = f'Keystone uri="{uri}"'
        self._seconds = int(options.token_cache_time)
        mine = {
            "oslo_config_config": conf,
            "www_authenticate_uri": uri,
            # Whose access rules those of an application credential are.
            "service_type": "servicevm",
            "delay_auth_decision": "False",
        }
        self._nowhere: _Nowhere | None = None
        if not options.memcached_servers:
            mine["cache"] = _CACHE
            self._nowhere = _Nowhere()
        try:
            self._protocol = auth_token.AuthProtocol(_accept, mine)
        except keystone_exceptions.ClientException as error:
            raise cfg.ConfigFileValueError(f"[{_GROUP}]: {error}") from error
        self._lock = threading.Lock()
        # The one used longest ago first.
        self._known: collections.OrderedDict[bytes, _Known] = (
            collections.OrderedDict()
        )

    def identify(self, req: falcon.Request) -> RequestContext:
        """The caller's context.

        :raises PermanentError: UNAUTHENTICATED, PROJECT_NEEDED
        :raises TransientError: IDENTITY_UNAVAILABLE
        """
        token = (req.get_header("X-Auth-Token") or "").strip()
        if not token:
            raise PermanentError(
                UNAUTHENTICATED,
                "Send a token of Keystone in the header X-Auth-Token.",
            )
        if len(token) > _MAX_TOKEN:
            raise PermanentError(UNAUTHENTICATED, "The token is too long.")
        key = _key(token, req.get_header("X-Service-Token"))
        known = self._remembered(key)
        if known is None:
            known = self._ask(req)
            self._remember(key, known)
        elif known.rules is not None:
            self._check_rules(req, known.rules)
        context = copy.copy(known.context)
        context.request_id = req.context.request_id
        context.global_request_id = req.context.global_request_id
        return context

    def _ask(self, req: falcon.Request) -> "_Known":
        # What the middleware makes of the headers is for us only.
        environ = dict(req.env)
        if self._nowhere is not None:
            environ[_CACHE] = self._nowhere
        try:
            status = self._verdict(environ)
        except keystone_exceptions.ClientException as error:
            raise _unavailable(error) from error
        except _NONSENSE as error:
            raise _unavailable(f"its answer is none: {error!r}") from error
        if status == 401:
            raise PermanentError(
                UNAUTHENTICATED,
                "Keystone does not accept the token: it is wrong, expired "
                "or revoked, or its user or project is disabled.",
            )
        if status != 200:
            raise _unavailable(status)
        context = RequestContext.from_environ(
            environ,
            # Not needed again, so not where it could be logged.
            auth_token=None,
            service_token=None,
            overwrite=False,
        )
        if not context.project_id:
            raise PermanentError(
                PROJECT_NEEDED,
                "The token is not one of a project: it is unscoped, or of "
                "a domain or the system.",
            )
        document: Mapping[str, Any] = environ["keystone.token_info"]["token"]
        application = document.get("application_credential") or {}
        rules = application.get("access_rules")
        return _Known(
            context,
            _until(document, self._seconds),
            None if rules is None else document,
        )

    def _verdict(self, environ: dict[str, Any]) -> int:
        """Let the middleware judge and fill in `environ`."""
        given: list[str] = []

        def start(status: str, headers: object, info: object = None) -> None:
            given.append(status)

        for _ in self._protocol(environ, start):
            pass
        return int(given[-1].partition(" ")[0])

    def _check_rules(
        self, req: falcon.Request, document: Mapping[str, Any]
    ) -> None:
        """Whether the application credential is meant for this request."""
        request = webob.Request(dict(req.env))
        request.service_token = req.get_header("X-Service-Token")
        try:
            self._protocol.validate_allowed_request(request, document)
        except auth_token.InvalidToken:
            raise PermanentError(
                UNAUTHENTICATED,
                "The access rules of the application credential do not "
                "allow this request.",
            ) from None

    def _remembered(self, key: bytes) -> "_Known | None":
        with self._lock:
            known = self._known.get(key)
            if known is None:
                return None
            if known.until <= time.monotonic():
                del self._known[key]
                return None
            self._known.move_to_end(key)
            return known

    def _remember(self, key: bytes, known: "_Known") -> None:
        if self._seconds < 0:
            return
        with self._lock:
            self._known[key] = known
            self._known.move_to_end(key)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


@dataclass(frozen=True)
class _Known:
    """What a token stands for.

    :param until: on the monotonic clock
    :param rules: the token's document, if requests are checked by it
    """

    context: RequestContext
    until: float
    rules: Mapping[str, Any] | None


class _Nowhere:
    """The cache that keystonemiddleware is given in place of its own."""

    def get(self, key: str) -> None:
        return None

    def set(self, key: str, value: object, time: int = 0) -> None:
        pass


def _accept(environ: object, start: Any) -> list[bytes]:
    """The application behind the middleware: who gets here, may."""
    start("200 OK", [])
    return []


def _unavailable(cause: object) -> TransientError:
    LOG.error("Keystone can not be asked about a token: %s", cause)
    return TransientError(
        IDENTITY_UNAVAILABLE,
        "The token can not be checked: Keystone does not answer.",
    )


def _auth_url(conf: cfg.ConfigOpts) -> str:
    """Where Keystone is; makes sure that enough is configured.

    :raises cfg.Error: it is not
    """
    options = conf[_GROUP]
    section = options.auth_section or _GROUP
    if section != _GROUP:
        loading.register_auth_conf_options(conf, section)
    kind = conf[section].auth_type
    if not kind:
        raise cfg.ConfigFileValueError(
            f"auth_strategy is keystone, but [{section}] has no auth_type: "
            "set auth_type = password, auth_url, username, password, "
            "project_name, user_domain_name and project_domain_name of a "
            "user with the role service."
        )
    try:
        plugin: Any = loading.get_plugin_loader(kind)
    except keystone_exceptions.NoMatchingPlugin as error:
        raise cfg.ConfigFileValueError(f"[{section}]: {error}") from error
    conf.register_opts(
        loading.get_auth_plugin_conf_options(plugin), group=section
    )
    url = getattr(conf[section], "auth_url", None)
    if not url:
        raise cfg.ConfigFileValueError(f"[{section}] has no auth_url.")
    return str(url)


def _check_files(conf: cfg.ConfigOpts) -> None:
    """Look at the files now: else every request fails of them.

    :raises cfg.Error: one can not be read
    """
    options = conf[_GROUP]
    section = conf[options.auth_section or _GROUP]
    for group in (options, section):
        for name in ("cafile", "certfile", "keyfile"):
            path = getattr(group, name, None)
            if path and not os.access(path, os.R_OK):
                raise cfg.ConfigFileValueError(
                    f"[{_GROUP}] {name}: {path} can not be read."
                )


def _key(token: str, service_token: str | None) -> bytes:
    text = f"{token}\0{service_token or ''}"
    return hashlib.sha256(text.encode(errors="replace")).digest()


def _until(document: Mapping[str, Any], seconds: int) -> float:
    """When the token is to be asked about again, on the monotonic clock."""
    expires = timeutils.normalize_time(
        timeutils.parse_isotime(document["expires_at"])
    )
    left = timeutils.delta_seconds(timeutils.utcnow(), expires)
    return time.monotonic() + min(float(seconds), left)
