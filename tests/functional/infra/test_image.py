"""The image build, with the distribution's real packages."""

import io
import os
import time

import pytest

from servicevm.guest import build, manifest
from servicevm_agent import fat

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache of its own that borrows only the fetched packages."""
    folder = tmp_path_factory.mktemp("cache")
    archives = build.default_cache() / "apt" / "archives"
    target = folder / "apt" / "archives"
    target.mkdir(parents=True)
    if archives.exists():
        for path in archives.glob("*.deb"):
            os.symlink(path, target / path.name)
    return folder


def test_the_same_inputs_give_the_same_bytes(image, cache, tmp_path) -> None:
    from tests.functional.infra.conftest import AGENT

    out = tmp_path / "image"
    made = build.build(out, progress=print, cache_dir=cache, agent=AGENT)
    assert made.files == manifest.Manifest.read(image).files
    assert manifest.digests(out) == made.files
    assert {one.name for one in made.packages} >= {"haproxy", "libc6"}

    said = []
    started = time.monotonic()
    build.build(out, progress=said.append, cache_dir=cache, agent=AGENT)
    assert said[-1] == "The image is up to date"
    assert time.monotonic() - started < 10


def test_another_agent_is_another_image_and_needs_no_package(
    image, cache, tmp_path
) -> None:
    out = tmp_path / "image"
    before = manifest.Manifest.read(image)
    said = []
    made = build.build(out, progress=said.append, cache_dir=cache)
    assert made.key != before.key
    assert made.files["root.erofs"] != before.files["root.erofs"]
    assert made.files["disk.img"] != before.files["disk.img"]
    assert made.files["kernel"] == before.files["kernel"]
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_the_disk_holds_what_the_other_files_do(image) -> None:
    disk = (image / manifest.DISK).read_bytes()
    parts = {}
    for number in range(3):
        at = 446 + 16 * number
        start, size = (
            int.from_bytes(disk[at + n : at + n + 4], "little") * 512
            for n in (8, 12)
        )
        parts[number] = disk[start : start + size]
    boot = io.BytesIO(parts[0])
    assert fat.label(boot) == "SVM-BOOT"
    # EFI's own place, and what SYSLINUX has made of the start
    assert fat.read(boot, "EFI/BOOT/BOOTX64.EFI")[:2] == b"MZ"
    assert parts[0][3:11] == b"SYSLINUX"
    for name in ("syslinux.cfg", "loader/entries/servicevm.conf"):
        assert b"/kernel" in fat.read(boot, name)
    for number, name in ((1, manifest.ROOT), (2, manifest.STATE)):
        content = (image / name).read_bytes()
        assert parts[number].rstrip(b"\0") == content.rstrip(b"\0")
