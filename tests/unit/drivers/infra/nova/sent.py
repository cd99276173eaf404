"""What a test of recorded answers looks at: what was sent or refused."""

from collections.abc import Callable
from typing import Any

import pytest

from servicevm.errors import ServicevmError
from tests.unit.drivers.infra.nova.stage import Stage

__all__ = ["SERVERS", "asked", "made", "refused"]

SERVERS = "/compute/servers"


def asked(stage: Stage, method: str, path: str) -> list[Any]:
    """Bodies of what was sent to this path."""
    return [
        one.sent
        for one in stage.tape.heard
        if one.method == method and one.path == path
    ]


def made(stage: Stage) -> list[str]:
    """Paths of everything that was asked to be made."""
    return [
        one.path
        for one in stage.tape.heard
        if one.method == "POST" and not one.path.endswith("/auth/tokens")
    ]


def refused(
    call: Callable[[], object],
    kind: type[ServicevmError],
    code: str,
    words: str | None = None,
) -> None:
    with pytest.raises(kind, match=words) as caught:
        call()
    assert caught.value.reason.code == code
