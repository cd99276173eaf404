from collections.abc import Iterator
from pathlib import Path

import pytest

from servicevm.cmd import status
from servicevm.db import api
from tests.unit import database
from tests.unit.db import rows

# oslo.upgradecheck's table, not ours.
pytestmark = pytest.mark.filterwarnings(
    "ignore:the 'ALL' constant is deprecated:DeprecationWarning"
)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    file = tmp_path / "servicevm.conf"
    file.write_text(f"[DEFAULT]\nstate_dir = {tmp_path / 'state'}\n")
    yield file
    api.dispose()


def check(config: Path) -> int:
    return status.main(["--config-file", str(config), "upgrade", "check"])


def fill(config: Path, **operation: object) -> None:
    """A database of this release with something in it."""
    folder = config.parent / "state"
    folder.mkdir()
    database.migrate(folder)
    conf = database.configured(folder)
    api.configure(conf)
    with api.writer() as session:
        session.add(rows.template())
        session.flush()
        session.add(rows.revision())
        session.add(rows.device())
        session.flush()
        session.add(rows.service())
        session.add(rows.operation(**operation))


def test_what_fits_passes(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(config)
    assert check(config) == 0
    assert "Failure" not in capsys.readouterr().out


def test_a_database_that_is_not_migrated_fails(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(config) == 2
    assert "servicevm-manage db sync" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        pytest.param({"step": "dance"}, 2, "does not", id="unknown step"),
        pytest.param({"plan_version": 0}, 1, "other plans", id="older plan"),
        pytest.param({"state": "FAILED", "step": "x"}, 0, "", id="ended"),
    ],
)
def test_what_is_under_way_is_looked_at(
    config: Path,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, object],
    code: int,
    words: str,
) -> None:
    fill(config, **changed)
    assert check(config) == code
    assert words in capsys.readouterr().out


def test_what_is_not_installed_is_named(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(config)
    with api.writer() as session:
        session.add(rows.service(id=rows.DEVICE, service_type="firewall"))
        session.merge(
            rows.revision(
                spec={"infra_driver": "cloudy", "mgmt_driver": "noop"}
            )
        )
    assert check(config) == 2
    out = capsys.readouterr().out
    assert "firewall" in out
    assert "infra cloudy" in out


def test_a_policy_with_an_error_fails(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(config)
    policy = config.parent / "policy.yaml"
    policy.write_text("- no rules\n")
    with config.open("a") as file:
        file.write(f"[oslo_policy]\npolicy_file = {policy}\n")
    assert check(config) == 2
    assert "policy.yaml" in capsys.readouterr().out


def test_a_configuration_that_is_wrong_is_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text("no option\n")
    assert check(config) == 255
    assert "Traceback" not in capsys.readouterr().err
