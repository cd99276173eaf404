"""Devices that are only files: for tests, demonstrations and drills.

Latency and failures are injected through the template's options. What was
made survives the service, as it would on a real infrastructure.
"""

import contextlib
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

from servicevm import errors
from servicevm.drivers.infra.base import (
    Capabilities,
    Death,
    DeviceSpec,
    DeviceState,
    InfraDriver,
    InterfaceSpec,
    Observation,
    Record,
)

LOG = logging.getLogger(__name__)

_VERBS = ("create", "observe", "delete", "reboot")
_SECONDS = {"type": "number", "minimum": 0, "maximum": 3600}


class NoopInfraDriver(InfraDriver):
    """The infra driver ``noop``.

    :param conf: options of servicevm.conf; devices are files below
        ``<state_dir>/noop/``
    """

    capabilities = Capabilities(attach_interface=True, console_log=True)

    options_schema: Mapping[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "create_seconds": {
                **_SECONDS,
                "description": "Time until a device runs.",
            },
            "delete_seconds": {
                **_SECONDS,
                "description": "Time until a deleted device is gone.",
            },
            "die_after_seconds": {
                **_SECONDS,
                "description": "Time after its start at which a device "
                "stops by itself.",
            },
            "fail": {
                "type": "object",
                "description": "Calls that fail, and how often.",
                "additionalProperties": False,
                "properties": {
                    verb: {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["times", "code"],
                        "properties": {
                            "times": {"type": "integer", "minimum": 0},
                            "code": {"enum": sorted(errors.REASONS)},
                            "transient": {"type": "boolean", "default": True},
                        },
                    }
                    for verb in _VERBS
                },
            },
        },
    }

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._folder = Path(conf.state_dir) / "noop"
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._died: Death | None = None
        self._closed = False
        #: Device to the time at which it dies, in seconds since the epoch.
        self._deaths: dict[str, float] = {}
        self._thread: threading.Thread | None = None

    # -- the interface ------------------------------------------------------

    def validate_template(
        self,
        options: Mapping[str, Any],
        interfaces: Sequence[Mapping[str, Any]],
    ) -> None:
        """Every network exists here."""

    def create(self, spec: DeviceSpec, record: Record) -> None:
        with self._lock:
            self._maybe_fail("create", spec)
            if self._read(spec.id) is None:
                record("noop", None)
                self._begin(spec, [one.index for one in spec.interfaces])
            record("noop", spec.id)

    def observe(self, spec: DeviceSpec) -> Observation:
        with self._lock:
            self._maybe_fail("observe", spec)
            device = self._read(spec.id)
            if device is None:
                return Observation(DeviceState.ABSENT)
            now = time.time()
            facts = {"interfaces": device["interfaces"]}
            if device["gone_at"] is not None:
                if now >= device["gone_at"]:
                    self._remove(spec.id)
                    return Observation(DeviceState.ABSENT)
                return Observation(DeviceState.STOPPED, facts=facts)
            if now < device["running_at"]:
                return Observation(DeviceState.BUILDING, facts=facts)
            if device["dies_at"] is not None and now >= device["dies_at"]:
                return Observation(
                    DeviceState.FAILED,
                    errors.DEVICE_DIED.code,
                    "The device died as its template says.",
                    facts,
                )
            return Observation(DeviceState.RUNNING, facts=facts)

    def reboot(self, spec: DeviceSpec, *, hard: bool = False) -> None:
        with self._lock:
            self._maybe_fail("reboot", spec)
            device = self._read(spec.id)
            if device is None:
                raise errors.PermanentError(
                    errors.DEVICE_MISSING, "There is no such device."
                )
            self._begin(spec, device["interfaces"])

    def delete(self, spec: DeviceSpec) -> bool:
        with self._lock:
            self._maybe_fail("delete", spec)
            device = self._read(spec.id)
            if device is None:
                self._forget_failures(spec.id)
                return True
            now = time.time()
            if device["gone_at"] is None:
                wait = float(spec.options.get("delete_seconds", 0))
                device["gone_at"] = now + wait
                self._write(spec.id, device)
            if now < device["gone_at"]:
                return False
            self._remove(spec.id)
            self._forget_failures(spec.id)
            return True

    def attach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> None:
        with self._lock:
            device = self._existing(spec.id)
            kind = f"interface:{interface.index}"
            record(kind, None)
            present = {*device["interfaces"], interface.index}
            self._write(spec.id, {**device, "interfaces": sorted(present)})
            record(kind, str(interface.index))

    def detach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec
    ) -> None:
        with self._lock:
            device = self._existing(spec.id)
            left = set(device["interfaces"]) - {interface.index}
            self._write(spec.id, {**device, "interfaces": sorted(left)})

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        with self._lock:
            self._existing(spec.id)
        text = f"The device {spec.id} is a file and says nothing.\n"
        return text[-max_bytes:] if max_bytes > 0 else ""

    def device_ids(self) -> set[str]:
        return {path.stem for path in self._folder.glob("*.json")}

    def delete_leftover(self, device_id: str) -> None:
        with self._lock:
            self._remove(device_id)
            self._forget_failures(device_id)

    def watch(self, devices: Sequence[DeviceSpec], died: Death) -> None:
        with self._lock:
            self._died = died
            for spec in devices:
                device = self._read(spec.id)
                if device is not None and device["gone_at"] is None:
                    self._expect(spec.id, device["dies_at"])

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(5)

    # -- files --------------------------------------------------------------

    def _begin(self, spec: DeviceSpec, interfaces: list[int]) -> None:
        running = time.time() + float(spec.options.get("create_seconds", 0))
        life = spec.options.get("die_after_seconds")
        dies = None if life is None else running + float(life)
        self._write(
            spec.id,
            {
                "running_at": running,
                "dies_at": dies,
                "gone_at": None,
                "interfaces": sorted(interfaces),
            },
        )
        self._expect(spec.id, dies)

    def _path(self, device_id: str) -> Path:
        return self._folder / f"{device_id}.json"

    def _existing(self, device_id: str) -> dict[str, Any]:
        device = self._read(device_id)
        if device is None:
            raise errors.PermanentError(
                errors.DEVICE_MISSING, "There is no such device."
            )
        return device

    def _read(self, device_id: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(
                self._path(device_id).read_text()
            )
        except FileNotFoundError:
            return None
        return found

    def _write(self, device_id: str, content: Mapping[str, Any]) -> None:
        self._write_file(self._path(device_id), content)

    def _write_file(self, path: Path, content: Mapping[str, Any]) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w"
        ) as file:
            json.dump(content, file)
        new.replace(path)

    def _remove(self, device_id: str) -> None:
        self._deaths.pop(device_id, None)
        self._path(device_id).unlink(missing_ok=True)

    # -- failures -----------------------------------------------------------

    def _failures(self, device_id: str) -> Path:
        return self._folder / "failures" / f"{device_id}.json"

    def _maybe_fail(self, verb: str, spec: DeviceSpec) -> None:
        """Fail the first calls of a device, as its template says."""
        wanted = spec.options.get("fail", {}).get(verb)
        if wanted is None:
            return
        path = self._failures(spec.id)
        counts: dict[str, int] = {}
        with contextlib.suppress(FileNotFoundError):
            counts = json.loads(path.read_text())
        if counts.get(verb, 0) >= wanted["times"]:
            return
        counts[verb] = counts.get(verb, 0) + 1
        self._write_file(path, counts)
        kind = (
            errors.TransientError
            if wanted.get("transient", True)
            else errors.PermanentError
        )
        raise kind(
            errors.REASONS[wanted["code"]],
            f"Injected failure {counts[verb]} of {wanted['times']} of {verb}.",
        )

    def _forget_failures(self, device_id: str) -> None:
        self._failures(device_id).unlink(missing_ok=True)
        if not self.device_ids():
            shutil.rmtree(self._folder, ignore_errors=True)

    # -- deaths -------------------------------------------------------------

    def _expect(self, device_id: str, at: float | None) -> None:
        """Tell of a death when it comes; a thread waits for the next."""
        if at is None:
            self._deaths.pop(device_id, None)
            return
        self._deaths[device_id] = at
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(
                target=self._tell_deaths, name="noop-deaths", daemon=True
            )
            self._thread.start()
        self._changed.notify_all()

    def _due(self) -> Iterator[str]:
        now = time.time()
        for device_id, at in list(self._deaths.items()):
            if at <= now:
                del self._deaths[device_id]
                yield device_id

    def _tell_deaths(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                due, died = list(self._due()), self._died
                if not due:
                    wait = None
                    if self._deaths:
                        wait = min(self._deaths.values()) - time.time()
                    self._changed.wait(wait)
            for device_id in due:
                if died is None:
                    continue
                try:
                    died(device_id)
                except Exception:
                    LOG.exception("The death of %s was not heard", device_id)
