"""The image build, with the distribution's real packages."""

import os
import time

import pytest

from servicevm.guest import build, manifest

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
    assert made.files["kernel"] == before.files["kernel"]
    assert [path.name for path in tmp_path.iterdir()] == ["image"]
