"""Horizon under gunicorn: its static files, its settings, its process."""

import json
import os
import secrets
import subprocess
from collections.abc import Sequence
from pathlib import Path

import requests

from tools.cluster.configuration import write
from tools.cluster.member import ClusterError, Member

__all__ = ["Web"]

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(__file__).resolve().parent / "site"
#: The environment that has Horizon in it; tools/bootstrap dashboard.
VENV = ROOT / ".cache" / "dashboard"

#: Seconds for collectstatic and compress.
_BUILD_TIMEOUT = 180


class Web:
    """One Horizon.

    :param folder: of the lab; ours are ``horizon/``, ``log/`` and ``run/``
    :param port: of the loopback address
    :param workers: processes; each answers with `threads` threads
    :param theme: ``default`` or ``material``. Compressed beforehand, the
        styles of one theme are all that a Horizon has: what one chooses in
        its menu changes only templates (Horizon 27.0, 2026-11).
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        workers: int = 1,
        threads: int = 8,
        theme: str = "default",
    ) -> None:
        self._theme = theme
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._settings = folder / "horizon" / "settings.json"
        python = [str(VENV / "bin" / "python"), "-m"]
        self._django = [*python, "django"]
        self.member = Member(
            "horizon",
            0,
            folder,
            [
                *[*python, "gunicorn", "lab_wsgi:application"],
                *["--bind", f"127.0.0.1:{port}"],
                *["--workers", str(workers), "--threads", str(threads)],
                *["--timeout", "120", "--graceful-timeout", "2"],
                "--no-control-socket",
                *["--access-logfile", str(folder / "log" / "requests.log")],
                *["--access-logformat", "%(t)s %(s)s %(M)sms %(r)s"],
            ],
            answers=self._answers,
            environment=self._environment(),
            port=port,
        )

    def configure(self, keystone_url: str) -> None:
        """Write what `site/local/local_settings.py` reads."""
        own = self.folder / "horizon"
        (own / "sessions").mkdir(mode=0o700, parents=True, exist_ok=True)
        told = {
            "secret_key": secrets.token_urlsafe(32),
            "keystone_url": keystone_url,
            "static_root": str(own / "static"),
            "sessions": str(own / "sessions"),
            "theme": self._theme,
        }
        if self._settings.exists():
            # So that who is logged in stays so.
            old = json.loads(self._settings.read_text())
            told["secret_key"] = old["secret_key"]
        write(self._settings, json.dumps(told, indent=1))

    def build(self) -> None:
        """Collect and compress static files, as after each change of them.

        :raises ClusterError: with the end of its own words
        """
        # Links: whatever changed is there at once, and 70 MB are not.
        self._run(["collectstatic", "--noinput", "--link", "--verbosity=0"])
        self._run(["compress", "--force", "--verbosity=0"])

    def _run(self, command: Sequence[str]) -> None:
        log = self.folder / "log" / "static.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(log, "ab") as output:
            done = subprocess.run(
                [*self._django, *command],
                env={**os.environ, **self._environment()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=_BUILD_TIMEOUT,
                check=False,
            )
        if done.returncode:
            words = log.read_text(errors="replace")[-3000:]
            raise ClusterError(
                f"django {command[0]} ended with {done.returncode}:\n{words}"
            )

    def _environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "openstack_dashboard.settings",
            "PYTHONPATH": os.pathsep.join(
                [str(SITE), *filter(None, [os.environ.get("PYTHONPATH")])]
            ),
            # Horizon's own, of no use to anybody here.
            "PYTHONWARNINGS": "ignore",
            "SERVICEVM_HORIZON": str(self._settings),
        }

    def _answers(self) -> bool:
        try:
            answer = requests.get(f"{self.url}/auth/login/", timeout=20)
        except requests.RequestException:
            return False
        if answer.status_code >= 500:
            raise ClusterError(
                f"Horizon answers {answer.status_code}:\n{self.member.words()}"
            )
        return answer.status_code == 200
