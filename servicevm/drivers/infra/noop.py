"""Devices that are only files: for tests, demonstrations and drills.

Latency and failures are injected through the template's options. What was
made survives the service, as it would on a real infrastructure.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from oslo_config import cfg

from servicevm import errors
from servicevm.drivers.infra import noop_template
from servicevm.drivers.infra.base import (
    Capabilities,
    Death,
    DeviceSpec,
    DeviceState,
    Footprint,
    InfraDriver,
    InterfaceSpec,
    Observation,
    Record,
)
from servicevm.drivers.world import World

LOG = logging.getLogger(__name__)

_Device = dict[str, Any]


class NoopInfraDriver(InfraDriver):
    """The infra driver ``noop``.

    :param conf: options of servicevm.conf; devices are files below
        ``<state_dir>/noop/``
    """

    description = "Devices that are only files: for tests and trials"

    capabilities = Capabilities(
        attach_interface=True,
        console_log=True,
        fences=True,
        networks=True,
        rebuild=True,
    )

    options_schema = noop_template.OPTIONS

    intents = ("noop",)

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._folder = Path(conf.state_dir) / "noop"
        self._world = World(self._folder)
        self._changed = threading.Condition()
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

    def footprint(self, options: Mapping[str, Any]) -> Footprint:
        return Footprint(
            int(options.get("vcpus", 0)), int(options.get("memory_mib", 0))
        )

    def create(self, spec: DeviceSpec, record: Record) -> None:
        self._maybe_fail("create", spec)
        if self._world.read(spec.id) is None:
            record("noop", None)

        def begin(device: _Device | None) -> _Device:
            if device is not None:
                return device
            self._keep_bootstrap(spec)
            interfaces = [one.index for one in spec.interfaces]
            return _begun(spec, interfaces, spec.fence)

        self._change("create", spec, begin)
        record("noop", spec.id)

    def observe(self, spec: DeviceSpec) -> Observation:
        self._maybe_fail("observe", spec)
        device = self._world.read(spec.id)
        if device is None:
            return Observation(DeviceState.ABSENT)
        now = time.time()
        facts = {"interfaces": device["interfaces"]}
        if device["gone_at"] is not None:
            if now >= device["gone_at"]:
                return Observation(DeviceState.ABSENT)
            return Observation(DeviceState.STOPPED, facts=facts)
        if now < device["running_at"]:
            return Observation(
                DeviceState.BUILDING,
                facts=facts,
                look_in=device["running_at"] - now,
            )
        if device["dies_at"] is not None and now >= device["dies_at"]:
            return Observation(
                DeviceState.FAILED,
                errors.DEVICE_DIED.code,
                "The device died as its template says.",
                facts,
            )
        return Observation(DeviceState.RUNNING, facts=facts)

    def reboot(self, spec: DeviceSpec, *, hard: bool = False) -> None:
        self._maybe_fail("reboot", spec)

        def begin(device: _Device | None) -> _Device:
            device = _there(device)
            return _begun(spec, device["interfaces"], device["fence"])

        self._change("reboot", spec, begin)

    def rebuild(self, spec: DeviceSpec, record: Record) -> None:
        self._maybe_fail("rebuild", spec)
        if self._world.read(spec.id) is None:
            self.create(spec, record)
            return
        self._keep_bootstrap(spec)
        interfaces = [one.index for one in spec.interfaces]
        self._change(
            "rebuild",
            spec,
            lambda device: _begun(spec, interfaces, _there(device)["fence"]),
        )

    def delete(self, spec: DeviceSpec) -> bool:
        self._maybe_fail("delete", spec)
        there = False

        def go(device: _Device | None) -> _Device | None:
            nonlocal there
            there = device is not None
            if device is None:
                return None
            now = time.time()
            if device["gone_at"] is None:
                wait = float(spec.options.get("delete_seconds", 0))
                device["gone_at"] = now + wait
            return device if now < device["gone_at"] else None

        if self._change("delete", spec, go) is not None:
            return False
        # A creation that is begun anew deletes first what is there: where
        # nothing is, it goes on with the failures that are left.
        self._forget(spec.id, failures=there)
        return True

    def attach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec, record: Record
    ) -> InterfaceSpec:
        _there(self._world.read(spec.id))
        kind = f"interface:{interface.index}"
        record(kind, None)

        def plug(device: _Device | None) -> _Device:
            device = _there(device)
            present = {*device["interfaces"], interface.index}
            return {**device, "interfaces": sorted(present)}

        self._change("attach_interface", spec, plug)
        record(kind, str(interface.index))
        return interface

    def detach_interface(
        self, spec: DeviceSpec, interface: InterfaceSpec
    ) -> None:
        def unplug(device: _Device | None) -> _Device:
            device = _there(device)
            left = set(device["interfaces"]) - {interface.index}
            return {**device, "interfaces": sorted(left)}

        self._change("detach_interface", spec, unplug)

    def console_log(self, spec: DeviceSpec, max_bytes: int) -> str:
        _there(self._world.read(spec.id))
        text = f"The device {spec.id} is a file and says nothing.\n"
        return text[-max_bytes:] if max_bytes > 0 else ""

    def device_ids(self) -> set[str]:
        return self._world.ids() | self._world.failing()

    def delete_leftover(self, device_id: str) -> None:
        self._world.change(device_id, lambda device: None)
        self._forget(device_id)

    def watch(self, devices: Sequence[DeviceSpec], died: Death) -> None:
        self._died = died
        for spec in devices:
            device = self._world.read(spec.id)
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

    def _change(
        self,
        call: str,
        spec: DeviceSpec,
        change: Callable[[_Device | None], _Device | None],
    ) -> _Device | None:
        """Change a device, and say what it is then.

        :param change: called once more whenever another's came first
        :raises TransientError: for who was overtaken by another conductor
        """
        line: dict[str, Any] = {}
        kept: _Device | None = None

        def decide(device: _Device | None) -> _Device | None:
            nonlocal kept
            if device is None and line and call == "create":
                # It was deleted meanwhile, perhaps by who overtook us.
                raise errors.TransientError(
                    errors.UNAVAILABLE,
                    "noop: the device went while it was made.",
                )
            newest = 0 if device is None else device["fence"]
            stale = 0 < spec.fence < newest
            line.update(
                existed=device is not None,
                fence=spec.fence,
                newest=newest,
                refused=stale,
            )
            if stale:
                raise errors.TransientError(
                    errors.UNAVAILABLE,
                    f"noop: {call} by a conductor that was overtaken.",
                )
            if device is not None:
                device["fence"] = max(newest, spec.fence)
            kept = change(device)
            return kept

        try:
            self._world.change(spec.id, decide)
        except errors.ServicevmError:
            self._note(call, spec, line)
            raise
        self._note(call, spec, line)
        if kept is not None and kept["gone_at"] is None:
            self._expect(spec.id, kept["dies_at"])
        return kept

    def _note(
        self, call: str, spec: DeviceSpec, line: Mapping[str, Any]
    ) -> None:
        """Put a call on record, once it is known what came of it."""
        if spec.options.get("record_calls"):
            self._world.note(
                spec.id, {"call": call, **line, "pid": os.getpid()}
            )

    def _forget(self, device_id: str, *, failures: bool = True) -> None:
        """Drop what is kept of a device besides the device."""
        with self._changed:
            self._deaths.pop(device_id, None)
        if failures:
            self._world.forget_failures(device_id)
        self._bootstrap(device_id).unlink(missing_ok=True)

    def _bootstrap(self, device_id: str) -> Path:
        return self._folder / "bootstrap" / f"{device_id}.json"

    def _keep_bootstrap(self, spec: DeviceSpec) -> None:
        document = spec.bootstrap.get("servicevm.json")
        if document is None or not spec.options.get("keep_bootstrap"):
            return
        path = self._bootstrap(spec.id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(document)
        new.replace(path)

    def _maybe_fail(self, verb: str, spec: DeviceSpec) -> None:
        """Fail the first calls of a device, as its template says."""
        wanted = spec.options.get("fail", {}).get(verb)
        if wanted is None:
            return
        count = self._world.failed(spec.id, verb, wanted["times"])
        if count is None:
            return
        kind = (
            errors.TransientError
            if wanted.get("transient", True)
            else errors.PermanentError
        )
        raise kind(
            errors.REASONS[wanted["code"]],
            f"Injected failure {count} of {wanted['times']} of {verb}.",
        )

    # -- deaths -------------------------------------------------------------

    def _expect(self, device_id: str, at: float | None) -> None:
        """Tell of a death when it comes; a thread waits for the next."""
        with self._changed:
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


def _begun(spec: DeviceSpec, interfaces: Sequence[int], fence: int) -> _Device:
    """What is kept of a device that starts now."""
    running = time.time() + float(spec.options.get("create_seconds", 0))
    life = spec.options.get("die_after_seconds")
    return {
        "running_at": running,
        "dies_at": None if life is None else running + float(life),
        "gone_at": None,
        "interfaces": sorted(interfaces),
        "fence": fence,
    }


def _there(device: _Device | None) -> _Device:
    """What is kept of a device that has to be there."""
    if device is None:
        raise errors.PermanentError(
            errors.DEVICE_MISSING, "There is no such device."
        )
    return device
