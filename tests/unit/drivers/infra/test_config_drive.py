import pycdlib
import pytest

from servicevm.drivers.infra.config_drive import write_config_drive

FILES = {"servicevm.json": b'{"token": "secret"}', "meta_data.json": b"{}"}


@pytest.fixture
def drive(tmp_path):
    path = tmp_path / "config.iso"
    write_config_drive(path, FILES)
    return path


@pytest.mark.parametrize("kind", ["rr_path", "joliet_path"])
def test_files_have_their_true_names(drive, tmp_path, kind: str) -> None:
    iso = pycdlib.PyCdlib()
    iso.open(str(drive))
    for name, content in FILES.items():
        iso.get_file_from_iso(
            str(tmp_path / "out"), **{kind: f"/openstack/latest/{name}"}
        )
        assert (tmp_path / "out").read_bytes() == content
    iso.close()


def test_the_label_is_the_one_that_guests_look_for(drive) -> None:
    descriptor = drive.read_bytes()[16 * 2048 : 17 * 2048]
    assert descriptor[40:72].rstrip() == b"config-2"


def test_nobody_else_can_read_it(drive) -> None:
    assert drive.stat().st_mode & 0o777 == 0o600


def test_writing_it_again_replaces_it(drive) -> None:
    write_config_drive(drive, {"servicevm.json": b"new"})
    assert b"secret" not in drive.read_bytes()
