from collections.abc import Generator, Iterator

import pytest
from oslo_config import cfg

from tests.unit.drivers.infra.nova.stage import Stage, staged

_PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture
def stage(
    request: pytest.FixtureRequest, conf: cfg.ConfigOpts
) -> Iterator[Stage]:
    """Answers of a real cloud, on the tape of the test's name."""
    name = request.node.name.removeprefix("test_")
    for old, new in (("_", "-"), ("[", "-"), ("]", "")):
        name = name.replace(old, new)
    with staged(name, conf) as found:
        yield found
        found.passed = request.node.stash.get(_PASSED, False)
