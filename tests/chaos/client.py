"""Who asks for changes, and asks again where no answer comes.

Each POST carries one Idempotency-Key for all of its tries, as the SDK does.
A PATCH may carry an ETag instead: of an API that is stopped with one in its
hands its client hears as of one that died, but it goes on with it later.
"""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

__all__ = ["Answer", "Client", "NoAnswer", "Traffic"]

#: Seconds of one try, and of all tries of one call.
TRY = 10.0
ALL_TRIES = 120.0
#: Answers of somebody who could not do it just now.
AGAIN = {429, 500, 502, 503, 504}


class NoAnswer(Exception):
    """The service was away for longer than anybody would wait."""


@dataclass
class Traffic:
    """What all clients together have seen."""

    calls: int = 0
    retries: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    longest_outage: float = 0.0
    errors: list[str] = field(default_factory=list)
    _last: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, status: int) -> None:
        with self._lock:
            self.calls += 1
            self.statuses[status] = self.statuses.get(status, 0) + 1
            if status in AGAIN:
                return
            now = time.monotonic()
            self.longest_outage = max(self.longest_outage, now - self._last)
            self._last = now

    def again(self) -> None:
        with self._lock:
            self.retries += 1

    def odd(self, text: str) -> None:
        """An answer that nobody should ever get."""
        with self._lock:
            self.errors.append(text)


@dataclass(frozen=True)
class Answer:
    """What came of a call in the end, and after how many tries."""

    status: int
    body: dict[str, Any]
    tries: int
    replayed: bool
    etag: str | None = None


class Client:
    """One connection to the service in the name of a project's member.

    :param token: lives longer than the run
    """

    def __init__(
        self, endpoint: str, token: str, traffic: Traffic, rng: random.Random
    ) -> None:
        self._endpoint = endpoint
        self._token = token
        self._traffic = traffic
        self._rng = rng
        self._session = requests.Session()

    def close(self) -> None:
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        key: str | None = None,
        if_match: str | None = None,
    ) -> Answer:
        """Ask until there is an answer.

        :raises NoAnswer: after `ALL_TRIES` seconds
        """
        deadline = time.monotonic() + ALL_TRIES
        headers = {"X-Auth-Token": self._token}
        if key is not None:
            headers["Idempotency-Key"] = key
        if if_match is not None:
            headers["If-Match"] = if_match
        tries = 0
        while True:
            tries += 1
            answer = self._try(method, path, body, headers)
            if answer is not None and answer.status_code not in AGAIN:
                return Answer(
                    answer.status_code,
                    answer.json() if answer.content else {},
                    tries,
                    "Idempotent-Replayed" in answer.headers,
                    answer.headers.get("ETag"),
                )
            if time.monotonic() >= deadline:
                raise NoAnswer(f"{method} {path}: {answer}")
            self._traffic.again()
            time.sleep(self._rng.uniform(0.1, min(0.2 * tries, 1.0)))

    def _try(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> requests.Response | None:
        try:
            answer = self._session.request(
                method,
                self._endpoint + path,
                json=body,
                headers=headers,
                timeout=TRY,
            )
        except requests.RequestException:
            return None
        self._traffic.answered(answer.status_code)
        if answer.status_code == 500 or "Traceback" in answer.text:
            self._traffic.odd(f"{method} {path}: {answer.text[:500]}")
        return answer
