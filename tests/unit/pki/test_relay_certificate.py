"""A relay's files change, are half there, and come to their end."""

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import clock, conf, pki

Files = Callable[[str], Path]
DAY = 86_400 * clock.SECOND


@pytest.fixture
def configured(tmp_path: Path) -> cfg.ConfigOpts:
    found = conf.register(cfg.ConfigOpts())
    found([], project="servicevm", default_config_files=[])
    found.set_override("state_dir", str(tmp_path))
    for name in ("certificate", "key"):
        path = str(tmp_path / "relay1" / f"{name}.pem")
        found.set_override(name, path, group="relay")
    ca = str(tmp_path / "relay1" / "ca.pem")
    found.set_override("ca_bundle", ca, group="relay")
    return found


@pytest.fixture
def files(configured: cfg.ConfigOpts, tmp_path: Path) -> Files:
    """Makes the files of a relay."""

    def make(folder: str) -> Path:
        pki.export_relay(configured, "relay1", tmp_path / folder)
        return tmp_path / folder

    return make


def test_files_that_change_are_taken_up(
    configured: cfg.ConfigOpts, files: Files
) -> None:
    files("relay1")
    held = pki.relay_file_certificate(configured)
    first = held.context
    assert not held.look()
    files("relay1")
    assert held.look()
    assert held.context is not first
    assert not held.look()


def test_a_pair_of_which_one_half_is_there_waits_for_the_other(
    configured: cfg.ConfigOpts,
    files: Files,
    caplog: pytest.LogCaptureFixture,
) -> None:
    here, other = files("relay1"), files("other")
    held = pki.relay_file_certificate(configured)
    first = held.context
    shutil.copy(other / "certificate.pem", here)
    for _ in range(3):
        assert not held.look()
    assert held.context is first
    assert caplog.text.count("can not be used yet") == 1
    shutil.copy(other / "key.pem", here)
    assert held.look()


def test_a_file_that_goes_changes_nothing(
    configured: cfg.ConfigOpts, files: Files
) -> None:
    here = files("relay1")
    held = pki.relay_file_certificate(configured)
    (here / "ca.pem").unlink()
    assert not held.look()
    assert held.context


def test_a_folder_that_is_out_of_reach_changes_nothing(
    configured: cfg.ConfigOpts, files: Files
) -> None:
    here = files("relay1")
    held = pki.relay_file_certificate(configured)
    away = here.rename(here.with_name("away"))
    here.write_text("a file where a folder was")
    assert not held.look()
    here.unlink()
    away.rename(here)
    files("relay1")
    assert held.look()


def test_the_end_is_warned_of_once_a_day_from_thirty_days_before(
    configured: cfg.ConfigOpts,
    files: Files,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.WARNING)
    files("relay1")
    held = pki.relay_file_certificate(configured)
    began = clock.now_us()
    warned = []
    for half_day in range(2 * 400):
        now = began + half_day * DAY // 2
        monkeypatch.setattr(clock, "now_us", lambda now=now: now)
        held.look()
        if caplog.messages:
            warned.append((half_day / 2, caplog.messages[0]))
            caplog.clear()
    assert [day for day, _ in warned] == [367 + n for n in range(33)]
    assert "certificate.pem ends at 20" in warned[0][1]
    assert "certificate.pem ended at 20" in warned[-1][1]
    files("relay1")
    assert held.look()


def test_a_relay_with_a_ca_renews_it_at_half_its_life(
    configured: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> None:
    pki.ensure(configured)
    held = pki.relay_certificate(configured)
    assert not held.look()
    # As if it had been made a year ago.
    pem = Path(configured.pki.dir) / "relay-local.pem"
    then = clock.now_us() - 365 * DAY
    with monkeypatch.context() as past:
        past.setattr(clock, "now_us", lambda: then)
        issuer = pki.authority(configured)
        pem.write_bytes(issuer.issue_relay("local"))
    old = pem.read_bytes()
    monkeypatch.setattr(clock, "now_us", lambda: then + 366 * DAY)
    assert held.look()
    assert pem.read_bytes() != old
