"""What has to be so in the end: rows, ledger, world and promises agree."""

import collections
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from servicevm.drivers.world import World
from tests.chaos.workload import Device, Ledger

__all__ = ["TERMINAL", "Audit"]

TERMINAL = {"SUCCEEDED", "FAILED", "CANCELLED", "SUPERSEDED"}


class Audit:
    """Reads, never writes.

    :param engine: a way to the database around all links
    :param state_dir: of the conductors; the world of noop is below
    """

    def __init__(
        self, engine: sa.Engine, state_dir: Path, ledger: Ledger
    ) -> None:
        self._engine = engine
        self._state_dir = state_dir
        self._ledger = ledger

    def rows(self, query: str) -> list[Mapping[str, Any]]:
        with self._engine.connect() as connection:
            found = connection.exec_driver_sql(query).mappings()
            return [dict(row) for row in found]

    def unfinished(self) -> list[str]:
        """Accepted operations that have not ended, or are not there."""
        states = {
            row["id"]: row["state"]
            for row in self.rows("SELECT id, state FROM operations")
        }
        mine = {one.operation_id for one in self._ledger.accepted}
        # Those of the service itself as well: it has to come to rest.
        return [
            f"{one}: {states.get(one, 'unknown')}"
            for one in sorted(mine | set(states))
            if states.get(one) not in TERMINAL
        ]

    def endings(self) -> dict[str, int]:
        """Accepted operations by their end state."""
        states = {
            row["id"]: row["state"]
            for row in self.rows("SELECT id, state FROM operations")
        }
        return dict(
            collections.Counter(
                str(states.get(one.operation_id))
                for one in self._ledger.accepted
            )
        )

    def failures(self) -> list[str]:
        """Operations that failed, and why: faults must not do that."""
        return [
            f"operation {row['id']} ({row['action']} {row['resource_type']}, "
            f"{row['step']}) failed: {row['error_code']} {row['error_text']}"
            for row in self.rows(
                "SELECT * FROM operations WHERE state = 'FAILED'"
            )
        ]

    def wrong(self, wanted: Iterable[Device]) -> list[str]:
        """Everything that is not as it has to be."""
        by_id = {one.id: one for one in wanted}
        found = [
            *self._ledger.broken,
            *self.unfinished(),
            *self._devices(by_id),
            *self._services(by_id),
            *self._world(set(by_id)),
            *self._doubles(),
        ]
        return found

    def _devices(self, wanted: Mapping[str, Device]) -> list[str]:
        wrong = []
        rows = {row["id"]: row for row in self.rows("SELECT * FROM devices")}
        wrong += [f"device {one} is lost" for one in wanted.keys() - rows]
        wrong += [f"device {one} is left over" for one in rows.keys() - wanted]
        wrong += [
            f"device {row['id']} is {row['provisioning_status']} "
            f"{row['operating_status']}: {row['status_reason']}"
            for row in rows.values()
            if (row["provisioning_status"], row["operating_status"])
            != ("ACTIVE", "ONLINE")
        ]
        wrong += [
            f"device {row['id']} observed {row['observed_generation']} of "
            f"{row['generation']}"
            for row in rows.values()
            if row["observed_generation"] != row["generation"]
        ]
        ledger = {
            row["device_id"]: row
            for row in self.rows(
                "SELECT * FROM device_resources WHERE kind = 'noop'"
            )
        }
        wrong += [
            f"the ledger of {one} differs" for one in ledger.keys() ^ rows
        ]
        wrong += [
            f"the ledger of {one} says {dict(row)}"
            for one, row in ledger.items()
            if (row["state"], row["external_id"]) != ("PRESENT", one)
        ]
        return wrong

    def _services(self, wanted: Mapping[str, Device]) -> list[str]:
        wrong = []
        mine = {
            service.id: (device, service)
            for device in wanted.values()
            for service in device.services.values()
        }
        rows = {row["id"]: row for row in self.rows("SELECT * FROM services")}
        wrong += [f"service {one} is lost" for one in mine.keys() - rows]
        wrong += [f"service {one} is left over" for one in rows.keys() - mine]
        for id_ in rows.keys() & mine:
            row, (device, service) = rows[id_], mine[id_]
            said = json.loads(row["config"])
            if row["generation"] != service.generation:
                wrong.append(
                    f"service {id_}: generation {row['generation']}, accepted "
                    f"was {service.generation}"
                )
            if said != service.config:
                wrong.append(f"service {id_}: another config than accepted")
            if row["observed_generation"] != row["generation"]:
                wrong.append(
                    f"service {id_}: observed {row['observed_generation']} "
                    f"of {row['generation']}"
                )
            if row["provisioning_status"] != "ACTIVE":
                wrong.append(
                    f"service {id_} is {row['provisioning_status']}: "
                    f"{row['status_reason']}"
                )
            inside = self._inside(device.id).get(id_, {})
            if (inside.get("generation"), inside.get("config")) != (
                service.generation,
                service.config,
            ):
                wrong.append(
                    f"service {id_}: the device has generation "
                    f"{inside.get('generation')}"
                )
        for device in wanted.values():
            strays = self._inside(device.id).keys() - device.services.keys()
            wrong += [f"{device.id} still has {one}" for one in strays]
        return wrong

    def _inside(self, device_id: str) -> dict[str, Any]:
        """Services as the noop device itself has them."""
        state = World(self._state_dir / "noop-mgmt").read(device_id)
        found: dict[str, Any] = {} if state is None else state["services"]
        return found

    def _world(self, wanted: set[str]) -> list[str]:
        wrong = []
        for name in ("noop", "noop-mgmt"):
            world = World(self._state_dir / name)
            there = world.ids()
            wrong += [
                f"{name} lost {one}"
                for one in sorted(wanted)
                if world.read(one) is None
            ]
            wrong += [f"{name} has the orphan {one}" for one in there - wanted]
        return wrong

    def journal(self) -> dict[str, list[dict[str, Any]]]:
        """Calls that changed a device of noop, device to calls."""
        return {
            path.stem: [
                json.loads(line) for line in path.read_text().splitlines()
            ]
            for path in sorted(
                (self._state_dir / "noop" / "journal").glob("*.jsonl")
            )
        }

    def _doubles(self) -> list[str]:
        """A name was used for one POST: it may have made one thing."""
        wrong = []
        made = collections.Counter(
            (row["type"], row["message"])
            for row in self.rows(
                "SELECT type, message FROM events WHERE type IN "
                "('device.create', 'service.create')"
            )
        )
        wrong += [
            f"made {n} times: {message}"
            for (_, message), n in made.items()
            if n > 1
        ]
        devices = {
            row["resource_id"]
            for row in self.rows(
                "SELECT resource_id FROM operations WHERE "
                "resource_type = 'device'"
            )
        }
        for device_id, calls in self.journal().items():
            fresh = [
                one
                for one in calls
                if one["call"] == "create"
                and not one["existed"]
                and not one["refused"]
            ]
            deleted = [one for one in calls if one["call"] == "delete"]
            if device_id not in devices:
                wrong.append(f"{device_id} was made for nobody")
            if len(fresh) > 1 + len(deleted):
                wrong.append(f"{device_id} was made {len(fresh)} times")
        return wrong
