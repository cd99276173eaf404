"""What ``openstack`` asks of a plugin."""

import pytest

from servicevmclient.osc import plugin


@pytest.mark.parametrize(
    ("version", "known", "asked"),
    [("1", True, None), ("1.0", True, "1.0"), ("2", False, None)],
)
def test_versions(version: str, known: bool, asked: str | None) -> None:
    assert plugin.check_api_version(version) is known
    assert plugin.microversion(version) == asked
