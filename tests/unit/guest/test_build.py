import os

import pytest

from servicevm.errors import (
    IMAGE_MISSING,
    PLATFORM_UNSUPPORTED,
    TOOL_MISSING,
    PermanentError,
)
from servicevm.guest import build, disks, manifest
from servicevm.guest.command import run
from servicevm.guest.packages import Package


@pytest.mark.parametrize(
    "release",
    [
        pytest.param("ID=ubuntu\nVERSION_ID=24.04\n", id="ubuntu"),
        pytest.param('ID=debian\nVERSION_ID="13"\n', id="a later Debian"),
        pytest.param("", id="unknown"),
    ],
)
def test_other_systems_are_refused(release: str) -> None:
    with pytest.raises(PermanentError) as caught:
        build.check_platform(release)
    assert caught.value.reason is PLATFORM_UNSUPPORTED


def test_an_image_is_replaced_in_one_step_and_open_files_stay(
    tmp_path,
) -> None:
    new, out = tmp_path / "new", tmp_path / "out"
    for folder, text in ((new, "new"), (out, "old")):
        folder.mkdir()
        (folder / "kernel").write_text(text)
    with (out / "kernel").open() as held:
        build._put_in_place(new, out)
        assert (out / "kernel").read_text() == "new"
        assert held.read() == "old"


def test_a_missing_tool_is_named_with_its_package() -> None:
    with pytest.raises(PermanentError) as caught:
        run(["no-such-tool-at-all"], package="some-package", timeout=5)
    assert caught.value.reason is TOOL_MISSING
    assert "some-package" in caught.value.detail


def test_holes_are_copied_as_holes(tmp_path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    with source.open("wb") as file:
        file.write(b"begin")
        file.seek(4 << 20)
        file.write(b"middle")
        os.truncate(file.fileno(), 16 << 20)
    disks.copy_sparse(source, target)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_blocks * 512 < 1 << 20


@pytest.fixture
def image(tmp_path):
    for name in manifest.FILES:
        (tmp_path / name).write_text(name)
    manifest.Manifest(
        "key",
        "6.1.0",
        (Package("haproxy", "2.6-1", "ab", "haproxy_2.6-1_amd64.deb"),),
        manifest.digests(tmp_path),
    ).write(tmp_path)
    return tmp_path


def test_a_manifest_is_read_as_it_was_written(image) -> None:
    found = manifest.Manifest.read(image)
    assert found.packages[0].version == "2.6-1"
    assert found.files == manifest.digests(image)


def test_an_image_of_before_has_no_disk_for_clouds(image) -> None:
    assert manifest.DISK not in manifest.Manifest.read(image).files
    (image / manifest.DISK).write_text("disk")
    assert manifest.DISK in manifest.digests(image)


@pytest.mark.parametrize("name", [*manifest.FILES, manifest.NAME])
def test_an_image_without_a_file_is_missing(image, name: str) -> None:
    (image / name).unlink()
    with pytest.raises(PermanentError) as caught:
        manifest.Manifest.read(image)
    assert caught.value.reason is IMAGE_MISSING


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 9}'])
def test_a_damaged_manifest_is_a_missing_image(image, text: str) -> None:
    (image / manifest.NAME).write_text(text)
    with pytest.raises(PermanentError) as caught:
        manifest.Manifest.read(image)
    assert caught.value.reason is IMAGE_MISSING
