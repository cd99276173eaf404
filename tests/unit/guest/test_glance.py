"""Uploading the guest image, at the wire."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm.cmd import manage
from servicevm.errors import (
    CLOUD_UNAVAILABLE,
    IMAGE_MISSING,
    IMAGE_UPLOAD_FAILED,
    ServicevmError,
    TransientError,
)
from servicevm.guest import glance, glance_login, manifest

from .cloud import Cloud

Upload = Callable[..., str]


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    made = Cloud()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path: Path) -> None:
    """Nothing of the caller's: no cloud, no clouds.yaml."""
    for name in ("OS_CLOUD", "OS_AUTH_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(tmp_path / "none"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An image folder whose disk is some MiB."""
    made = tmp_path / "image"
    made.mkdir()
    for name in (*manifest.FILES, manifest.DISK):
        (made / name).write_text(name)
    fill(made, b"disk")
    return made


def fill(folder: Path, content: bytes) -> None:
    (folder / manifest.DISK).write_bytes(content * (1 << 20))
    digests = manifest.digests(folder)
    manifest.Manifest("key", "6.1.0", (), digests).write(folder)


@pytest.fixture
def config_file(cloud: Cloud, tmp_path: Path) -> Path:
    """A servicevm.conf whose [nova] says how to log in."""
    lines = [f"{name} = {value}" for name, value in cloud.auth.items()]
    path = tmp_path / "servicevm.conf"
    path.write_text("\n".join(["[nova]", "auth_type = password", *lines]))
    return path


def configuration(path: Path | None) -> cfg.ConfigOpts:
    conf = servicevm_conf.register(cfg.ConfigOpts())
    files = [] if path is None else [str(path)]
    conf([], project="servicevm", default_config_files=files)
    return conf


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def upload(config_file: Path, folder: Path, said: list[str]) -> Upload:
    def run(**changes) -> str:
        connection = glance_login.connect(
            configuration(config_file), None, say=said.append
        )
        options = {
            "name": "guest",
            "tag": "servicevm",
            "timeout": 30,
            "say": said.append,
            "sent": lambda sent, size: None,
        }
        return glance.upload(connection, folder, **options | changes)

    return run


def test_the_tag_comes_last_and_the_properties_are_the_guests(
    cloud: Cloud, upload: Upload, folder: Path
) -> None:
    steps: list[tuple[int, int]] = []
    found = upload(sent=lambda sent, size: steps.append((sent, size)))
    size = (folder / manifest.DISK).stat().st_size
    assert steps[-1] == (size, size)
    assert cloud.writes() == ["POST images", "PUT file", "PUT servicevm"]
    image = cloud.images[found]
    assert glance.PROPERTIES.items() <= image.items()
    assert (image["min_disk"], image["min_ram"]) == (1, 128)
    assert (image["name"], image["tags"]) == ("guest", ["servicevm"])
    assert (image["disk_format"], image["visibility"]) == ("raw", "private")
    assert image["size"] == size


def test_the_same_again_changes_nothing_and_says_so(
    cloud: Cloud, upload: Upload, said: list[str]
) -> None:
    first = upload()
    cloud.asked.clear()
    assert upload() == first
    assert cloud.writes() == []
    assert said[-1] == f"The image {first} is the same; nothing is changed"


def test_a_property_that_is_missing_or_changed_is_put_right(
    cloud: Cloud, upload: Upload
) -> None:
    first = upload()
    cloud.images[first]["hw_cdrom_bus"] = "sata"
    del cloud.images[first]["img_config_drive"]
    cloud.images[first]["of_the_operator"] = "kept"
    cloud.asked.clear()
    assert upload() == first
    assert cloud.writes() == [f"PATCH {first}"]
    assert cloud.images[first]["of_the_operator"] == "kept"
    assert glance.PROPERTIES.items() <= cloud.images[first].items()


def test_another_content_is_another_image(
    cloud: Cloud, upload: Upload, folder: Path
) -> None:
    first = upload()
    fill(folder, b"next")
    second = upload()
    assert second != first
    # Back to the first: it has to be the newest again to be used.
    fill(folder, b"disk")
    third = upload()
    assert third not in (first, second)
    assert len(cloud.images) == 3


def test_what_was_cut_off_is_gone_on_with(
    cloud: Cloud, upload: Upload
) -> None:
    cloud.cut = 1000
    with pytest.raises(TransientError) as caught:
        upload()
    assert caught.value.reason is CLOUD_UNAVAILABLE
    (left,) = cloud.images.values()
    assert left["tags"] == []
    assert upload() == left["id"]
    assert len(cloud.images) == 1
    assert left["tags"] == ["servicevm"]


def test_an_image_that_nobody_tagged_any_more_is_gone_on_with(
    cloud: Cloud, upload: Upload
) -> None:
    found = upload()
    cloud.images[found]["tags"].clear()
    cloud.asked.clear()
    assert upload() == found
    assert cloud.writes() == ["PUT servicevm"]


def test_a_spoilt_content_is_deleted_and_never_has_the_tag(
    cloud: Cloud, upload: Upload
) -> None:
    cloud.spoil = True
    with pytest.raises(ServicevmError, match="not what was sent") as caught:
        upload()
    assert caught.value.reason is IMAGE_UPLOAD_FAILED
    assert cloud.images == {}
    assert "PUT servicevm" not in cloud.writes()


def test_the_images_of_other_projects_are_left_alone(
    cloud: Cloud, upload: Upload
) -> None:
    first = cloud.images[upload()]
    first["owner"] = "another"
    before = dict(first)
    assert upload() != first["id"]
    assert first == before


def test_an_upload_ends_at_its_deadline(upload: Upload) -> None:
    def slow(sent: int, size: int) -> None:
        time.sleep(0.02)

    started = time.monotonic()
    with pytest.raises(ServicevmError, match="The time was over") as caught:
        upload(timeout=0.5, sent=slow)
    assert caught.value.reason is IMAGE_UPLOAD_FAILED
    assert time.monotonic() - started < 10


def test_a_folder_without_a_whole_disk_is_refused(
    cloud: Cloud, upload: Upload, folder: Path
) -> None:
    with (folder / manifest.DISK).open("r+b") as disk:
        disk.write(b"damaged")
    for words in ("not what the manifest", "has no disk.img"):
        with pytest.raises(ServicevmError, match=words) as caught:
            upload()
        assert caught.value.reason is IMAGE_MISSING
        (folder / manifest.DISK).unlink(missing_ok=True)
    assert cloud.asked == []


def run(*arguments: str) -> int:
    return manage.main(list(arguments))


def test_the_command_prints_the_id_and_no_secret(
    cloud: Cloud, config_file: Path, folder: Path, capfd
) -> None:
    command = ["image", "upload", "--from", str(folder), "--name", "x"]
    assert run("--config-file", str(config_file), *command) == 0
    out, err = capfd.readouterr()
    (image,) = cloud.images.values()
    assert out == f"{image['id']}\n"
    assert "[nova]" in err
    assert "secret" not in err
    assert "%" not in err


def test_the_environment_comes_before_the_configuration(
    cloud: Cloud, folder: Path, tmp_path: Path, monkeypatch, capfd
) -> None:
    path = tmp_path / "wrong.conf"
    path.write_text("[nova]\nauth_type = password\nauth_url = http://[::1]:1")
    for name, value in cloud.auth.items():
        monkeypatch.setenv(f"OS_{name.upper()}", value)
    command = ["image", "upload", "--from", str(folder)]
    assert run("--config-file", str(path), *command) == 0
    assert "the cloud of the environment" in capfd.readouterr().err
    assert len(cloud.images) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "Nothing says as whom to log in", id="nobody"),
        pytest.param(["--os-cloud", "x"], "Cloud x was not found", id="cloud"),
    ],
)
def test_who_cannot_log_in_is_told_what_to_do(
    folder: Path, tmp_path: Path, capfd, arguments: list[str], words: str
) -> None:
    path = tmp_path / "empty.conf"
    path.write_text("")
    command = ["image", "upload", "--from", str(folder), *arguments]
    assert run("--config-file", str(path), *command) == 1
    assert words in capfd.readouterr().err
