"""The rows that benchmarks of the API read, and a configuration for them."""

import contextlib
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from sqlalchemy import orm

from servicevm import conf as servicevm_conf
from servicevm.db import api as db
from servicevm.db import models
from servicevm.rpc.base import Json

#: Rows in one statement.
_BATCH = 1000


class Idle:
    """A conductor that is not asked for anything here."""

    def wake(self) -> None:
        """Nothing waits."""

    def call_service(
        self, service_id: str, action: str, arguments: Json
    ) -> Json:
        return {}

    def console_log(self, device_id: str, max_bytes: int) -> str:
        return ""


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder below which servers of other users find theirs.

    From here on a benchmark that is terminated stops what it has started.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        folder.chmod(0o711)
        yield folder


def configure(state_dir: Path, url: str) -> cfg.ConfigOpts:
    """A configuration without authentication, logs or quotas.

    :param url: of the database
    """
    conf = servicevm_conf.register(cfg.ConfigOpts())
    conf([], project="servicevm", default_config_files=[])
    conf.set_override("state_dir", str(state_dir))
    conf.set_override("auth_strategy", "none", group="api")
    for resource in ("devices", "services", "vcpus", "ram", "slots"):
        conf.set_override(resource, -1, group="quota")
    db.register(conf)
    conf.set_override("connection", url, group="database")
    return conf


def device_id(number: int) -> str:
    """The id of a device that `fill` makes."""
    return f"00000000-0000-4000-8000-{number:012x}"


def fill(first: int, last: int, project_id: str) -> None:
    """Add devices of these numbers, with two interfaces and two tags each."""
    for number in range(first, last + 1, _BATCH):
        numbers = range(number, min(number + _BATCH, last + 1))
        with db.writer() as session:
            if number == 1:
                _template(session, project_id)
            for model, rows in (
                (models.Device, [_device(n, project_id) for n in numbers]),
                (
                    models.Tag,
                    [
                        {"resource_id": device_id(n), "tag": tag}
                        for n in numbers
                        for tag in "ab"
                    ],
                ),
                (
                    models.DeviceInterface,
                    [row for n in numbers for row in _interfaces(n)],
                ),
            ):
                session.execute(sa.insert(model), rows)


def _template(session: orm.Session, project_id: str) -> None:
    session.add(
        models.DeviceTemplate(
            id=device_id(0),
            seq=1,
            project_id=project_id,
            name="t",
            revision=1,
            properties={},
            created_at=1,
            updated_at=1,
        )
    )
    session.flush()


def _device(number: int, project_id: str) -> dict[str, Any]:
    return {
        "id": device_id(number),
        "seq": number,
        "project_id": project_id,
        "name": f"device-{number}",
        "template_id": device_id(0),
        "template_revision": 1,
        "slots": 4,
        "facts": {"accelerator": "kvm"},
        "provisioning_status": "ACTIVE",
        "operating_status": "ONLINE",
        "properties": {"rack": "7"},
        "created_at": number * 1_000_000,
        "updated_at": number * 1_000_000,
    }


def _interfaces(number: int) -> Iterator[dict[str, Any]]:
    for index in range(2):
        yield {
            "device_id": device_id(number),
            "index": index,
            "role": "ingress",
            "network": f"bridge:br{index}",
            "mac": f"{index:02x}:{number:012x}",
            "address": f"10.{index}.{number >> 16}.{number & 65535}",
            "prefix": 16,
        }
