"""What a template can name is there with all that its form needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from falcon import testing

from servicevm import drivers
from servicevm.api.resources import drivers as resource
from tests.unit.api import requests


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    resource._installed.cache_clear()
    yield
    resource._installed.cache_clear()


def _drivers(api: testing.TestClient, query: str = "") -> list[Any]:
    answer = api.simulate_get(f"/v1/drivers{query}")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json["drivers"]
    return found


def test_every_driver_that_is_installed_is_there(
    api: testing.TestClient,
) -> None:
    found = _drivers(api)
    for kind, namespace in (("infra", drivers.INFRA), ("mgmt", drivers.MGMT)):
        names = [one["name"] for one in found if one["kind"] == kind]
        assert names == drivers.driver_names(namespace)
    for one in found:
        assert one["description"]
        jsonschema.Draft202012Validator.check_schema(one["options_schema"])


def test_what_it_can_do_and_takes_is_said(api: testing.TestClient) -> None:
    (qemu,) = _drivers(api, "?kind=infra&name=qemu")
    assert qemu["capabilities"]["console_log"] is True
    assert qemu["capabilities"]["attach_interface"] is False
    options = qemu["options_schema"]["properties"]
    assert options["memory_mib"]["minimum"] == 96


@pytest.mark.parametrize(
    ("query", "count"),
    [("?kind=infra&name=noop", 1), ("?name=noop", 2), ("?name=nothing", 0)],
)
def test_they_are_found_by_kind_and_name(
    api: testing.TestClient, query: str, count: int
) -> None:
    assert len(_drivers(api, query)) == count


def test_there_is_no_other_kind(api: testing.TestClient) -> None:
    answer = api.simulate_get("/v1/drivers?kind=disk")
    requests.refused(answer, 400, "invalid_field")


def test_a_broken_one_hides_no_other(
    api: testing.TestClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = _drivers(api)
    resource._installed.cache_clear()
    metadata = tmp_path / "acme-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Name: acme\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text(
        f"[{drivers.INFRA}]\nacme = acme_of_nobody:Driver\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "acme" in drivers.driver_names(drivers.INFRA)
    assert _drivers(api) == there
    assert "acme that is broken" in caplog.text
