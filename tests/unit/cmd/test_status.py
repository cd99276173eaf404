import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from servicevm import clock, pki
from servicevm.cmd import status
from servicevm.db import api, models
from servicevm.pki._authority import Authority, new_root
from tests.unit import database
from tests.unit.db import rows
from tests.unit.pki.test_authority import make_csr

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


@pytest.fixture
def state(tmp_path: Path, migrated_file: Path) -> Path:
    """The folder of an installation that has a database."""
    folder = tmp_path / "state"
    folder.mkdir()
    shutil.copy(migrated_file, folder)
    return folder


def check(config: Path) -> int:
    return status.main(["--config-file", str(config), "upgrade", "check"])


def fill(state: Path, /, **operation: object) -> None:
    """Put something into the database."""
    api.configure(database.configured(state))
    with api.writer() as session:
        session.add(rows.template())
        session.flush()
        session.add(rows.revision())
        session.add(rows.device())
        session.flush()
        session.add(rows.service())
        session.add(rows.operation(**operation))


def test_what_fits_passes(
    config: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state)
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
    state: Path,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, object],
    code: int,
    words: str,
) -> None:
    fill(state, **changed)
    assert check(config) == code
    assert words in capsys.readouterr().out


def test_what_is_not_installed_is_named(
    config: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state)
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
    config: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state)
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


def enrol(state: Path, *others: bool) -> None:
    """Devices with certificates.

    :param others: for each, whether another CA issued it
    """
    conf = database.configured(state)
    pki.ensure_authority(conf)
    ours = pki.authority(conf)
    csr = make_csr(ec.generate_private_key(ec.SECP256R1()))
    stranger = Authority(
        new_root("local", clock.now_us()),
        "",
        deployment_id="local",
        leaf_days=7,
    )
    with api.writer() as session:
        for n, other in enumerate(others):
            device_id = str(uuid.uuid4())
            session.add(rows.device(id=device_id, seq=100 + n))
            session.flush()
            issuer = stranger if other else ours
            session.add(
                models.EnrolmentToken(
                    device_id=device_id,
                    token_hash=str(n),
                    expires_at=1,
                    spki_hash="0",
                    certificate=issuer.sign(csr, device_id).certificate,
                    created_at=n,
                )
            )


@pytest.mark.parametrize(
    ("others", "code", "says"),
    [
        pytest.param((), 0, "No device has enrolled", id="nobody"),
        pytest.param((False, False), 0, "It issued 2", id="ours"),
        pytest.param((False, True), 1, "1 of the 2 devices", id="some"),
        pytest.param((True, True), 2, "issued none", id="another"),
    ],
)
def test_the_ca_is_that_of_the_devices(
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
    others: tuple[bool, ...],
    code: int,
    says: str,
) -> None:
    fill(state)
    enrol(state, *others)
    assert check(config) == code
    assert says in words(capsys.readouterr().out)


def test_a_roll_over_that_is_complete_fails_nothing(
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(state)
    # Longer ago than a device's certificate is good for.
    then = clock.now_us() - 30 * 86_400 * clock.SECOND
    with monkeypatch.context() as past:
        past.setattr(clock, "now_us", lambda: then)
        enrol(state, True, True)
    assert check(config) == 1
    assert "2 of the 2 devices" in words(capsys.readouterr().out)


def test_a_host_without_the_ca_is_told_who_needs_it(
    config: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state)
    enrol(state, False)
    (state / "pki" / "authority.pem").unlink()
    assert check(config) == 1
    assert "Conductors need it" in words(capsys.readouterr().out)


def words(table: str) -> str:
    """The text in a table that breaks its lines."""
    return " ".join(table.replace("|", " ").split())


@pytest.mark.parametrize(
    ("group", "bound", "named", "code"),
    [
        pytest.param("default", False, False, 0, id="default"),
        pytest.param("edge", True, False, 0, id="bound"),
        pytest.param("edge", False, True, 0, id="named"),
        pytest.param("edge", False, False, 1, id="a label only"),
    ],
)
def test_relays_that_no_new_device_uses_are_named(
    config: Path,
    state: Path,
    capsys: pytest.CaptureFixture[str],
    group: str,
    bound: bool,
    named: bool,
    code: int,
) -> None:
    fill(state)
    with api.writer() as session:
        session.add(
            models.Process(
                role="relay",
                name="relay1",
                id=rows.DEVICE,
                host="h",
                group=group,
                version="1",
                started_at=1,
                last_seen=1,
            )
        )
        session.add(
            models.RelayGroup(
                name="edge",
                project_id="p" if bound else None,
                created_at=1,
                updated_at=1,
            )
        )
        if named:
            spec = {
                "infra_driver": "noop",
                "mgmt_driver": "agent",
                "mgmt_options": {"relay_group": "edge"},
            }
            session.merge(rows.revision(spec=spec))
    assert check(config) == code
    said = words(capsys.readouterr().out)
    assert ("relay1 (edge)" in said) == bool(code)
