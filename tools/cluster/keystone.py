"""A real Keystone, from nothing: tokens, a catalogue, and people.

::

    with Keystone(folder) as keystone:
        keystone.register("http://127.0.0.1:9890")  # the catalogue's entry
        keystone.cloud("red-member")      # an entry of clouds.yaml
        keystone.authtoken()              # [keystone_authtoken] of an API

Keystone is not in the project's environment: it has one of its own,
``.cache/keystone``, which is kept; another may be named. The first start
takes half a minute for that, a later one some seconds; a restart on the same
folder takes one.

Who there is may be told. Else two projects, ``red`` and ``blue``, have a user
each with the role admin, manager, member or reader (``red-admin`` ...). The
project ``service`` has the users ``servicevm``, which checks tokens, and
``neutron`` and ``octavia``, which own services.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tools.cluster import keystone_people, keystone_store
from tools.cluster.command import end, environment, run
from tools.cluster.configuration import write
from tools.cluster.keystone_people import PEOPLE, Identity, Login, People
from tools.cluster.venv import ROOT, Venv

VENV = Venv(
    ROOT / ".cache" / "keystone", ("keystone==30.0.0", "gunicorn==27.0.1")
)

#: Seconds that Keystone gets to answer, and to end.
START_TIMEOUT = 60
STOP_TIMEOUT = 10

_CONF = """\
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///{folder}/keystone.sqlite
[fernet_tokens]
key_repository = {folder}/fernet
[fernet_receipts]
key_repository = {folder}/receipts
[credential]
key_repository = {folder}/credential
[cache]
enabled = true
backend = dogpile.cache.memory
[token]
expiration = {token_seconds}
[identity]
# The lowest cost: the passwords are random.
password_hash_rounds = 4
"""

# Options only here: keystone reads the command line as its own.
_GUNICORN = """\
wsgi_app = "keystone.wsgi.api:application"
bind = "fd://{listener}"
workers = 1
worker_class = "gthread"
threads = 8
keepalive = 30
graceful_timeout = 2
pidfile = "{folder}/keystone.pid"
control_socket_disable = True
"""


class KeystoneError(Exception):
    """Keystone cannot be made or started; the text says why."""


class Keystone:
    """One Keystone in a folder, on a free port of the loopback address.

    :param folder: database, keys, log and passwords; made with mode 0700
    :param token_seconds: life of a token; takes effect at the next start
    :param people: who is made at the first start
    :param venv: has keystone and gunicorn
    """

    def __init__(
        self,
        folder: Path,
        *,
        token_seconds: int = 3600,
        people: People = PEOPLE,
        venv: Venv = VENV,
    ) -> None:
        self.folder = folder.resolve()
        self.token_seconds = token_seconds
        self._people = people
        self._venv = venv
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Keystone":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def auth_url(self) -> str:
        """``http://127.0.0.1:PORT/v3``; known after the first `start`."""
        return f"http://127.0.0.1:{self._state()['port']}/v3"

    @property
    def admin(self) -> Login:
        """Keystone's own administrator, in the project ``admin``."""
        return self.login("admin")

    @property
    def log(self) -> Path:
        return self.folder / "keystone.log"

    @property
    def pid(self) -> int | None:
        """The process, whoever started it; None where none runs."""
        try:
            pid = int((self.folder / "keystone.pid").read_text())
            # A pid is given again: only one that works here is ours.
            here = os.readlink(f"/proc/{pid}/cwd") == str(self.folder)
        except (OSError, ValueError):
            return None
        return pid if here else None

    def start(self) -> None:
        """Make what is missing, then wait until Keystone answers.

        :raises KeystoneError: with the end of its own words
        """
        if self.pid is not None:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        binaries = self._venv.ensure()
        self._configure()
        fresh = not (self.folder / "state.json").exists()
        settled = self.folder / "settled"
        with _listener(0 if fresh else self._state()["port"]) as listener:
            port = listener.getsockname()[1]
            if fresh:
                self._bootstrap(binaries, port)
            self._serve(binaries, listener)
        self._await_answer()
        if not settled.exists():
            keystone_people.settle(
                self.identity(), self._people, self._state()["users"]
            )
            settled.touch()

    def stop(self) -> None:
        """End it; it gets a moment for the requests it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """The same port and the same tokens."""
        self.stop()
        self.start()

    def register(
        self, endpoint: str, region: str = "RegionOne", **service: str
    ) -> None:
        """Make `endpoint` the catalogue's entry for ``servicevm``.

        :param service: ``kind`` and ``name`` of another service
        """
        keystone_people.register(self.identity(), endpoint, region, **service)

    def identity(self) -> Identity:
        """Keystone's API, as its administrator."""
        return Identity(self.admin)

    def login(self, user: str) -> Login:
        """How this user gets a token, by password."""
        password = self._state()["users"][user]
        project, _ = self._people.users.get(user, ("admin", ()))
        return keystone_people.login(self.auth_url, user, password, project)

    def cloud(self, user: str, **more: Any) -> dict[str, Any]:
        """An entry of clouds.yaml for the user; `more` is merged in."""
        return {
            "auth_type": "password",
            "auth": {
                "auth_url": self.auth_url,
                **self.login(user).auth,
            },
            "region_name": "RegionOne",
            "identity_api_version": 3,
            **more,
        }

    def application_cloud(
        self, user: str, name: str, **asked: Any
    ) -> dict[str, Any]:
        """An entry with a new application credential of the user.

        :param asked: further fields of the credential: ``roles`` ...
        """
        made = keystone_people.application_credential(
            self.login(user), name, **asked
        )
        return {
            "auth_type": "v3applicationcredential",
            "auth": {
                "auth_url": self.auth_url,
                "application_credential_id": made["id"],
                "application_credential_secret": made["secret"],
            },
            "region_name": "RegionOne",
        }

    def authtoken(self, user: str = "servicevm") -> dict[str, str]:
        """Options of ``[keystone_authtoken]`` for an API."""
        return {
            "www_authenticate_uri": self.auth_url,
            "auth_type": "password",
            "auth_url": self.auth_url,
            **self.login(user).auth,
        }

    def _state(self) -> Mapping[str, Any]:
        try:
            found: dict[str, Any] = json.loads(
                (self.folder / "state.json").read_text()
            )
        except FileNotFoundError:
            raise KeystoneError(
                f"There is no Keystone in {self.folder}; start it first."
            ) from None
        return found

    def _configure(self) -> None:
        for name in ("fernet", "receipts", "credential"):
            keystone_store.make_keys(self.folder / name)
        write(
            self.folder / "keystone.conf",
            _CONF.format(folder=self.folder, token_seconds=self.token_seconds),
        )

    def _bootstrap(self, binaries: Path, port: int) -> None:
        """Database and the administrator; the state file comes last."""
        users = {
            name: secrets.token_urlsafe(24)
            for name in ("admin", *self._people.users)
        }
        url = f"http://127.0.0.1:{port}/v3"
        urls = [
            f"--bootstrap-{kind}-url={url}"
            for kind in ("public", "internal", "admin")
        ]

        def manage(*arguments: str) -> None:
            run(
                [
                    str(binaries / "keystone-manage"),
                    f"--config-file={self.folder}/keystone.conf",
                    *arguments,
                ],
                log=self.log,
                env={"OS_BOOTSTRAP_PASSWORD": users["admin"]},
            )

        keystone_store.make_schema(
            self.folder / "keystone.sqlite",
            self._venv,
            lambda: manage("db_sync"),
        )
        manage("bootstrap", "--bootstrap-region-id=RegionOne", *urls)
        write(
            self.folder / "state.json",
            json.dumps({"port": port, "users": users}),
        )

    def _serve(self, binaries: Path, listener: socket.socket) -> None:
        write(
            self.folder / "gunicorn.conf.py",
            _GUNICORN.format(folder=self.folder, listener=listener.fileno()),
        )
        conf = str(self.folder / "keystone.conf")
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen(
                [str(binaries / "gunicorn")],
                cwd=self.folder,
                env=environment(OS_KEYSTONE_CONFIG_FILES=conf),
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await_answer(self) -> None:
        until = time.monotonic() + START_TIMEOUT
        process = self._process
        assert process is not None  # noqa: S101 - made by _serve
        while not keystone_people.answers(self.auth_url):
            # Waits for its end, which would be the end of waiting.
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            if process.poll() is not None or time.monotonic() > until:
                self.kill()
                words = self.log.read_text(errors="replace")[-2000:]
                raise KeystoneError(f"Keystone does not start:\n{words}")

    def _end(self, number: signal.Signals) -> None:
        pid = self.pid if self._process is None else self._process.pid
        if pid is None:
            return
        end(pid, number, STOP_TIMEOUT)
        if self._process is not None:
            self._process.wait()
            self._process = None
        (self.folder / "keystone.pid").unlink(missing_ok=True)


@contextlib.contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    """A listening socket, held here only until Keystone has it.

    Nobody can take the port in between, as it could be where a free port
    is looked for and given back.
    """
    with socket.socket() as made:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(128)
        yield made
