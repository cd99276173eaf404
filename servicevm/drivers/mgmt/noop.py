"""A mgmt driver without a device: for tests, demonstrations and trials.

It remembers what it was told in a small file per device, so that a restart
of the service finds it again, and can be slow, fail and refuse on demand.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from oslo_config import cfg

from servicevm import clock
from servicevm.db import api as db
from servicevm.db import leases
from servicevm.drivers.infra.base import InterfaceSpec
from servicevm.drivers.mgmt import noop_template, noop_traffic
from servicevm.drivers.mgmt.base import (
    DeviceReport,
    MgmtDriver,
    ServiceDocument,
    ServiceReport,
)
from servicevm.drivers.world import World
from servicevm.errors import (
    AGENT_ERROR,
    AGENT_NOT_CONNECTED,
    AGENT_TIMEOUT,
    PermanentError,
    TransientError,
)
from servicevm.rpc.base import RelayApi
from servicevm.states import OperatingStatus

__all__ = ["NoopMgmtDriver"]

_State = dict[str, Any]

T = TypeVar("T")


class NoopMgmtDriver(MgmtDriver):
    """Says yes to everything, unless the options say otherwise."""

    description = "No device is spoken to: for tests and trials"

    options_schema = noop_template.OPTIONS

    silent = True
    restarts = True

    def __init__(self, conf: cfg.ConfigOpts, relay: RelayApi) -> None:
        folder = Path(conf.state_dir) / "noop-mgmt"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._world = World(folder)

    def bootstrap(
        self,
        device_id: str,
        options: Mapping[str, Any],
        interfaces: Sequence[InterfaceSpec],
    ) -> Mapping[str, bytes]:
        def boot(state: _State) -> bool:
            if not state:
                state |= {
                    "options": dict(options),
                    "failures": dict(options.get("failures") or {}),
                    "booted_at": clock.now_us(),
                    "services": {},
                    "bootstraps": 0,
                }
            # What was handed out has changed, though it looks the same:
            # whoever is about to take the earlier away has to look again.
            state["bootstraps"] += 1
            return self._fails(state, "bootstrap")

        if self._change(device_id, boot):
            raise TransientError(AGENT_TIMEOUT, "noop: bootstrap fails.")
        return {"noop.json": json.dumps({"device_id": device_id}).encode()}

    def interfaces(
        self,
        device_id: str,
        generation: int,
        interfaces: Sequence[InterfaceSpec],
    ) -> Sequence[str]:
        return ()

    def observe(self, device_id: str) -> DeviceReport:
        state = self._world.read(device_id) or {}
        if not self._connected(state):
            return DeviceReport(connected=False, ready=False)
        return DeviceReport(
            connected=True,
            ready=True,
            services={
                service_id: self._report(state, service_id)
                for service_id in state["services"]
            },
            facts={"agent_version": "noop"},
        )

    def apply(self, device_id: str, document: ServiceDocument) -> None:
        def keep(state: _State) -> None:
            kept = state["services"].setdefault(document.id, {})
            if kept.get("generation", 0) > document.generation:
                raise PermanentError(
                    AGENT_ERROR,
                    f"noop: generation {document.generation} is older than "
                    f"{kept['generation']}.",
                )
            refuse = state["options"].get("refuse")
            if refuse and refuse in json.dumps(document.config):
                kept["failed_generation"] = document.generation
                return
            # What was counted stays, and goes on by the new configuration.
            totals = _totals(state, document.id)
            kept |= {
                "totals": totals,
                "generation": document.generation,
                "digest": document.digest,
                "service_type": document.service_type,
                "config": document.config,
                "applied_at": clock.now_us(),
                "failed_generation": None,
            }

        self._reach(device_id, "apply", keep)

    def restart(
        self, device_id: str, service_id: str, operation_id: str
    ) -> None:
        def look(state: _State) -> None:
            if service_id not in state["services"]:
                raise PermanentError(AGENT_ERROR, "noop: no such service.")

        self._reach(device_id, "restart", look)

    def remove(self, device_id: str, service_id: str, generation: int) -> None:
        self._reach(
            device_id,
            "remove",
            lambda state: state["services"].pop(service_id, None),
        )

    def call(
        self,
        device_id: str,
        service_id: str,
        action: str,
        arguments: Mapping[str, Any],
    ) -> Mapping[str, Any]:
        found: list[Mapping[str, Any]] = []

        def look(state: _State) -> None:
            if service_id not in state["services"]:
                raise PermanentError(AGENT_ERROR, "noop: no such service.")
            found.append(_stats(state, service_id))

        self._reach(device_id, "call", look)
        if action == "stats":
            return found[-1]
        return {"action": action, "arguments": dict(arguments)}

    def forget(self, device_id: str, *, fence: int = 0) -> None:
        def decide(state: _State | None) -> None:
            # After the look at the state: who takes over after this
            # question changes the state before it relies on it.
            if fence:
                with db.reader() as session:
                    leases.standing(session, device_id, fence)

        self._world.change(device_id, decide)

    def _reach(
        self, device_id: str, call: str, change: Callable[[_State], object]
    ) -> None:
        """Change the state of a device that answers."""

        def reached(state: _State) -> tuple[bool, bool]:
            connected = self._connected(state)
            failing = connected and self._fails(state, call)
            if connected and not failing:
                change(state)
            return connected, failing

        connected, failing = self._change(device_id, reached)
        if not connected:
            raise TransientError(
                AGENT_NOT_CONNECTED, "noop: the device is not connected."
            )
        if failing:
            raise TransientError(AGENT_TIMEOUT, f"noop: {call} fails.")

    def _change(self, device_id: str, change: Callable[[_State], T]) -> T:
        """Change the device's state in place.

        :param change: called once more whenever another's came first
        :returns: what it returned the last time
        """
        answers: list[T] = []

        def decide(found: _State | None) -> _State | None:
            state = found or {}
            answers.append(change(state))
            return state or None

        self._world.change(device_id, decide)
        return answers[-1]

    @staticmethod
    def _connected(state: Mapping[str, Any]) -> bool:
        if not state or state["options"].get("unreachable"):
            return False
        after = state["options"].get("ready_seconds", 0) * clock.SECOND
        return bool(clock.now_us() >= state["booted_at"] + after)

    @staticmethod
    def _fails(state: dict[str, Any], call: str) -> bool:
        left = state["failures"].get(call, 0)
        if left:
            state["failures"][call] = left - 1
        return bool(left)

    @staticmethod
    def _report(state: Mapping[str, Any], service_id: str) -> ServiceReport:
        kept = state["services"][service_id]
        after = state["options"].get("apply_seconds", 0) * clock.SECOND
        serving = (
            "generation" in kept
            and clock.now_us() >= kept["applied_at"] + after
        )
        failed = kept.get("failed_generation")
        status, why = OperatingStatus.OFFLINE.value, ""
        if serving:
            status, why = noop_traffic.status(_balanced(kept), _offline(state))
        return ServiceReport(
            id=service_id,
            generation=kept["generation"] if serving else 0,
            digest=kept["digest"] if serving else "",
            operating_status=status,
            failed_generation=failed,
            detail=(
                f"noop: refuses {state['options'].get('refuse')!r}."
                if failed
                else why
            ),
            members=noop_traffic.members(_balanced(kept), _offline(state))
            if serving
            else (),
        )


def _offline(state: Mapping[str, Any]) -> Sequence[str]:
    found: Sequence[str] = state["options"].get("offline_members") or ()
    return found


def _balanced(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration of a load balancer; of anything else none."""
    found: Mapping[str, Any] = kept.get("config") or {}
    return found if kept.get("service_type") == "loadbalancer" else {}


def _totals(state: Mapping[str, Any], service_id: str) -> noop_traffic.Totals:
    """What the service has counted by now."""
    kept = state["services"].get(service_id) or {}
    return noop_traffic.grown(
        kept.get("totals") or {},
        _balanced(kept),
        _offline(state),
        service_id,
        kept.get("applied_at", 0) / clock.SECOND,
        clock.now_us() / clock.SECOND,
    )


def _stats(state: Mapping[str, Any], service_id: str) -> Mapping[str, Any]:
    return noop_traffic.stats(
        _totals(state, service_id),
        _balanced(state["services"][service_id]),
        _offline(state),
        service_id,
        clock.now_us() / clock.SECOND,
    )
