"""A service in memory, a client of it, and our shell in this process."""

import io
import json
import logging
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from keystoneauth1.noauth import NoAuth
from keystoneauth1.session import Session

from servicevmclient import shell as servicevm_shell
from servicevmclient.testing import FakeServicevm
from servicevmclient.v1 import Client

SCHEMA = {
    "type": "object",
    "properties": {
        "listeners": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "port": {"type": "integer", "minimum": 1},
                },
                "required": ["name", "port"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["listeners"],
    "additionalProperties": False,
}


@pytest.fixture
def fake() -> Iterator[FakeServicevm]:
    with FakeServicevm() as service:
        service.store.add(
            "service_types",
            {
                "name": "loadbalancer",
                "version": 1,
                "description": "Balances load",
                "slots": 1,
                "actions": {},
                "config_schema": SCHEMA,
            },
        )
        yield service


def client_of(url: str, **more: Any) -> Client:
    return Client(Session(auth=NoAuth(endpoint=url)), **more)


@pytest.fixture
def client(fake: FakeServicevm) -> Client:
    return client_of(fake.url)


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """Runs command lines of `servicevm` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def __call__(self, line: str, *, stdin: str = "") -> Result:
        out, err = io.StringIO(), io.StringIO()
        # argparse writes its own errors to the process's streams.
        self._monkeypatch.setattr("sys.stdout", out)
        self._monkeypatch.setattr("sys.stderr", err)
        handlers = list(logging.getLogger().handlers)
        try:
            code = servicevm_shell.main(
                shlex.split(line), stdin=io.StringIO(stdin)
            )
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            # cliff adds one to the root logger each time.
            logging.getLogger().handlers[:] = handlers
            self._monkeypatch.undo()
        return Result(code, out.getvalue(), err.getvalue())


@pytest.fixture
def bare_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> pytest.MonkeyPatch:
    """No OS_*, no clouds.yaml anywhere near."""
    import os

    for name in os.environ:
        if name.startswith("OS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


@pytest.fixture
def terminal(
    fake: FakeServicevm, bare_environment: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    bare_environment.setenv("OS_ENDPOINT", fake.url)
    with pytest.MonkeyPatch.context() as streams:
        yield Terminal(streams)
