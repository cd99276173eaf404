"""Real haproxy, real backends, short paths."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from servicevm_agent.layout import Layout
from servicevm_agent.service import Environment
from servicevm_agent.services.haproxy.balancer import Balancer
from tests.functional.agent.backends import Backend

Eventually = Callable[[Callable[[], object]], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose sockets' paths fit into 107 bytes."""
    path = tempfile.mkdtemp(prefix="svm-", dir="/tmp")
    yield Path(path)
    shutil.rmtree(path)


@pytest.fixture
def backends() -> Iterator[list[Backend]]:
    found = [Backend(name) for name in ("b1", "b2", "b3")]
    yield found
    for backend in found:
        backend.close()


@pytest.fixture
def layout(folder: Path) -> Layout:
    return Layout(
        state=str(folder / "state"),
        run=str(folder / "run"),
        bootstrap=str(folder / "servicevm.json"),
        netns=None,
        bind_address="127.0.0.1",
        haproxy_user=None,
        haproxy_group=None,
        haproxy_chroot=None,
    )


@pytest.fixture
def balancer(layout: Layout) -> Iterator[Balancer]:
    made = Balancer("s1", Environment(layout))
    yield made
    made.remove()


@pytest.fixture
def eventually() -> Eventually:
    """Wait until something is so, at most 15 s."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 15
        while not condition():
            assert time.monotonic() < deadline, "it never came to be"
            time.sleep(0.02)

    return wait
