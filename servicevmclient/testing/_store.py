"""Resources in memory, and how their operations go on."""

import contextlib
import copy
import hashlib
import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

#: steps of the operations, by (resource type, action)
PLANS: dict[tuple[str, str], tuple[str, ...]] = {
    ("device", "create"): ("allocate", "boot", "wait_agent", "activate"),
    ("device", "reboot"): ("reboot", "wait_agent", "activate"),
    ("device", "rebuild"): ("rebuild", "wait_agent", "activate"),
    ("device", "heal"): ("reboot", "wait_agent", "activate"),
    ("device", "attach"): ("attach", "tell_interfaces", "activate"),
    ("device", "detach"): ("tell_interfaces", "detach", "activate"),
    ("device", "delete"): ("destroy", "purge"),
    ("service", "create"): ("apply", "wait_applied", "activate"),
    ("service", "update"): ("apply", "wait_applied", "activate"),
    ("service", "resync"): ("apply", "wait_applied", "activate"),
    ("service", "restart"): ("restart", "activate"),
    ("service", "delete"): ("withdraw", "purge"),
}

_PROCESS: Json = {
    "host": "localhost",
    "version": "1.0",
    "alive": True,
    "started_at": "2026-11-22T10:00:00.000000Z",
    "last_seen": "2026-11-22T10:00:05.000000Z",
}
_DRIVER: Json = {
    "name": "noop",
    "description": "Does nothing",
    "capabilities": {},
    "options_schema": {
        "type": "object",
        "properties": {},
        "additionalProperties": False,
    },
}
_DEFAULTS: dict[str, Json] = {
    "device_templates": {
        "description": "",
        "revision": 1,
        "infra_driver": "noop",
        "infra_options": {},
        "mgmt_driver": "noop",
        "mgmt_options": {},
        "interfaces": [],
        "service_types": [],
        "slots": 1,
        "health": {},
        "healing": {},
    },
    "devices": {
        "description": "",
        "kind": "vm",
        "template_id": None,
        "template_revision": 1,
        "interfaces": [],
        "relay_group": None,
        "agent": None,
        "hold": None,
        "healing": None,
        "slots": {"total": 1, "used": 0},
        "facts": {},
        "launched_at": None,
    },
    "services": {
        "description": "",
        "device_id": None,
        "service_type": "",
        "config": {},
        "digest": "",
        "managed_by": None,
        "endpoints": [],
        "members": [],
        "slots": 1,
        "healing": None,
    },
    "service_types": {},
    "drivers": {},
    "operations": {},
    "events": {"user_id": None, "facts": {}},
    "conductors": _PROCESS,
    "apis": _PROCESS,
    "relays": {
        **_PROCESS,
        "group": "default",
        "group_project_id": None,
        "address": None,
        "sessions": 0,
        "draining": False,
    },
    "breakers": {
        "released": False,
        "released_until": None,
        "lost": 1,
        "devices": 1,
        "tripped_at": "2026-11-22T10:00:00.000000Z",
    },
    "relay_groups": {
        "project_id": None,
        "description": "",
        "relays": 0,
        "devices": 0,
        "created_at": "2026-11-22T10:00:00.000000Z",
        "updated_at": "2026-11-22T10:00:00.000000Z",
    },
    "holds": {
        "user_id": "fake",
        "created_at": "2026-11-22T10:00:00.000000Z",
        "updated_at": "2026-11-22T10:00:00.000000Z",
        "expires_at": None,
    },
}

#: those that belong to no project
_PLAIN = (
    "conductors",
    "relays",
    "apis",
    "relay_groups",
    "holds",
    "breakers",
)


def now() -> str:
    """Now, as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Store:
    """All resources, by plural; a look at an operation moves it on.

    :param fail_step: the step in which operations fail, if they shall
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, dict[str, Json]] = {key: {} for key in _DEFAULTS}
        for kind in ("infra", "mgmt"):
            self.rows["drivers"][kind] = {**_DRIVER, "kind": kind}
        #: device id to what it wrote on its console
        self.consoles: dict[str, str] = {}
        self.fail_step: str | None = None
        self.fail_text = "It was told to fail."

    @contextlib.contextmanager
    def tried(self) -> Iterator[None]:
        """Take back at the end what happens to the rows meanwhile."""
        kept = copy.deepcopy(self.rows)
        try:
            yield
        finally:
            self.rows = kept

    def add(self, plural: str, attributes: Json) -> Json:
        """Make a resource as it looks before anything was done to it."""
        row: Json = {"id": str(uuid.uuid4()), **_DEFAULTS[plural]}
        row["name"] = ""
        if plural not in _PLAIN:
            row |= {
                "project_id": "fake",
                "tags": [],
                "properties": {},
                "created_at": now(),
                "updated_at": None,
            }
        if plural in ("devices", "services"):
            row |= {
                "provisioning_status": "ACTIVE",
                "operating_status": "ONLINE",
                "status_code": None,
                "status_reason": None,
                "generation": 1,
                "observed_generation": 1,
                "operation_id": None,
            }
        row |= attributes
        if plural in ("service_types", "relay_groups", "breakers"):
            row["id"] = row["name"]
        self.rows[plural][str(row["id"])] = row
        return row

    def shown(self, plural: str, row: Json) -> Json:
        """The row with the names of what it points to, and what a driver
        says of it."""
        names: Json = {}
        if plural in ("relay_groups", "breakers"):
            return {key: row[key] for key in row if key != "id"}
        if plural == "holds":
            of = {"device": "devices", "template": "device_templates"}
            name = self._name(of.get(row["scope"], ""), row["target"])
            return {key: row[key] for key in row if key != "name"} | {
                "target_name": name
            }
        if plural == "devices":
            names["template_name"] = self._name(
                "device_templates", row["template_id"]
            )
        if plural == "services":
            names["device_name"] = self._name("devices", row["device_id"])
        if plural in ("operations", "events"):
            found = self._name(
                f"{row.get('resource_type')}s", row.get("resource_id")
            )
            names["resource_name"] = found or row.get("resource_name")
            names["resource_gone"] = found is None
        if plural == "device_templates" and "footprint" not in row:
            options = row["infra_options"]
            names["footprint"] = {
                "vcpus": options.get("vcpus", 0),
                "ram_mib": options.get("memory_mib", 0),
            }
        if plural == "device_templates" and "capabilities" not in row:
            names["capabilities"] = {"attach_interface": True, "rebuild": True}
        return row | names

    def _name(self, plural: str, row_id: str | None) -> str | None:
        row = self.rows.get(plural, {}).get(str(row_id))
        return None if row is None else row["name"]

    def begin(self, plural: str, row: Json, action: str) -> Json:
        """Begin an operation on a resource."""
        kind = plural.removesuffix("s")
        moment = now()
        operation = {
            "id": str(uuid.uuid4()),
            "project_id": row["project_id"],
            "resource_type": kind,
            "resource_id": row["id"],
            "resource_name": row["name"],
            "device_id": row.get("device_id") or row["id"],
            "action": action,
            "initiator": "user",
            "user_id": None,
            "request_id": f"req-{uuid.uuid4()}",
            "state": "PENDING",
            "step": PLANS[kind, action][0],
            "attempts": 1,
            "error_code": None,
            "error_text": None,
            "cancel_requested": False,
            "deadline": None,
            "created_at": moment,
            "started_at": None,
            "finished_at": None,
            "updated_at": moment,
            "steps": [],
        }
        self.rows["operations"][operation["id"]] = operation
        row["operation_id"] = operation["id"]
        row["provisioning_status"] = {
            "create": "PENDING_CREATE",
            "delete": "PENDING_DELETE",
        }.get(action, "PENDING_UPDATE")
        return operation

    def plug(self, row: Json, wishes: Json) -> None:
        """Give a device one more interface."""
        index = 1 + max((i["index"] for i in row["interfaces"]), default=-1)
        plugged = {
            "index": index,
            "network": "",
            "mac": f"52:54:00:00:00:{index:02x}",
            "address": None,
            "prefix": None,
            "gateway": None,
            "subnet": None,
            "port": None,
            "attached": True,
        }
        row["interfaces"] = [*row["interfaces"], {**plugged, **wishes}]

    def unplug(self, row: Json, index: int) -> None:
        """Take an interface off a device."""
        row["interfaces"] = [
            one for one in row["interfaces"] if one["index"] != index
        ]

    def advance(self, operation: Json) -> None:
        """Carry out one step."""
        if operation["finished_at"] is not None:
            return
        plan = PLANS[operation["resource_type"], operation["action"]]
        moment = now()
        operation["started_at"] = operation["started_at"] or moment
        steps = operation["steps"]
        name = plan[len(steps)]
        failed = name == self.fail_step
        steps.append(
            {
                "name": name,
                "state": "FAILED" if failed else "SUCCEEDED",
                "attempts": 1,
                "message": self.fail_text if failed else "",
                "started_at": moment,
                "finished_at": now(),
            }
        )
        operation["step"] = plan[min(len(steps), len(plan) - 1)]
        operation["state"] = "RUNNING"
        if failed:
            operation["step"] = name
            self.end(operation, "FAILED", "agent_error", self.fail_text)
        elif len(steps) == len(plan):
            self.end(operation, "SUCCEEDED", None, None)

    def end(
        self, operation: Json, state: str, code: str | None, text: str | None
    ) -> None:
        """End an operation; its resource gets what follows from that."""
        operation |= {
            "state": state,
            "error_code": code,
            "error_text": text,
            "finished_at": now(),
        }
        rows = self.rows[f"{operation['resource_type']}s"]
        row = rows.get(operation["resource_id"])
        if row is None:
            return
        if state == "SUCCEEDED" and operation["action"] == "delete":
            self._forget(rows.pop(row["id"]))
            return
        row["provisioning_status"] = (
            "ACTIVE" if state == "SUCCEEDED" else "ERROR"
        )
        row["status_code"], row["status_reason"] = code, text
        row["observed_generation"] = row["generation"]

    def _forget(self, gone: Json) -> None:
        """What tells of it keeps the name that it had last."""
        for plural in ("operations", "events"):
            for row in self.rows.get(plural, {}).values():
                if row.get("resource_id") == gone["id"]:
                    row["resource_name"] = gone["name"]


def etag_of(row: Json) -> str:
    """Entity tag of a representation."""
    body = json.dumps(row, sort_keys=True).encode()
    return f'"{hashlib.sha256(body).hexdigest()}"'


def fails(row: Json) -> bool:
    """Whether somebody should look at the device or service."""
    return bool(
        row["provisioning_status"] == "ERROR"
        or row["operating_status"] in ("DEAD", "UNRESPONSIVE")
    )
