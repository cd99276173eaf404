"""Images that no device comes of: its reason says so, and nothing stays."""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servicevmclient.v1.client import Client
from tests.lab import boot_sector
from tests.lab.real_devices import (
    eventually,
    made_device,
    made_template,
    things_of,
)

pytestmark = [pytest.mark.vm, pytest.mark.root, pytest.mark.timeout(900)]


def failed(client: Client, device_id: str) -> Any:
    """The device, once it has failed."""

    def look() -> Any:
        found = client.get_device(device_id)
        assert found.provisioning_status != "ACTIVE"
        return found.provisioning_status == "ERROR" and found

    return eventually(look, "a device in ERROR")


def disk(folder: Path, size: str) -> bytes:
    """An empty disk of QEMU's own format."""
    path = folder / "disk.qcow2"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", str(path), size],
        check=True,
    )
    return path.read_bytes()


def broken(data: bytes) -> bytes:
    """The disk, with a first table where none can be: Glance takes it."""
    return data[:40] + struct.pack(">Q", 0x1001) + data[48:]


def whole(data: bytes) -> bytes:
    return data


def test_a_guest_that_does_not_boot_our_agent_is_said_and_its_words_kept(
    admin: Any, demo: Any, upload: Callable[..., Any]
) -> None:
    image = upload("not-ours", "raw", boot_sector.disk())
    client = Client(demo.session)
    with made_template(
        admin,
        "not-ours",
        {"image": image.id},
        health={"first_contact_timeout": 5},
    ) as template:
        with made_device(demo, template, "not-ours") as made:
            found = failed(client, made.id)
            assert found.status_code == "agent_never_called"
            assert "did not call home" in found.status_reason
            words = boot_sector.WORDS.decode().strip()
            assert words in client.get_device_console_log(made.id)
        assert things_of(admin, made.id) == []


@pytest.mark.parametrize(
    ("size", "change", "code", "words"),
    [
        pytest.param("64M", broken, "image_unusable", "Nova: ", id="broken"),
        pytest.param(
            "3G", whole, "flavor_too_small", "Nova: ", id="too-large"
        ),
    ],
)
def test_what_nova_says_of_an_image_is_the_devices_reason(
    admin: Any,
    demo: Any,
    upload: Callable[..., Any],
    tmp_path: Path,
    size: str,
    change: Callable[[bytes], bytes],
    code: str,
    words: str,
) -> None:
    image = upload("bad", "qcow2", change(disk(tmp_path, size)))
    client = Client(demo.session)
    with made_template(admin, "bad", {"image": image.id}) as template:
        with made_device(demo, template, "bad") as made:
            found = failed(client, made.id)
            assert found.status_code == code, found.status_reason
            assert words in found.status_reason
        assert things_of(admin, made.id) == []
