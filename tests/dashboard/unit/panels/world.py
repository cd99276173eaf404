"""What the pages of these tests are about, in a fake service."""

from typing import Any

from servicevmclient.testing import FakeServicevm

Json = dict[str, Any]

CONFIG: Json = {
    "listeners": [
        {"name": "web", "protocol": "http", "port": 80, "default_pool": "p"}
    ],
    "pools": [
        {
            "name": "p",
            "algorithm": "round_robin",
            "members": [
                {"name": "m1", "address": "192.0.2.7", "port": 8080},
                {"name": "m2", "address": "192.0.2.8", "port": 8080},
            ],
        }
    ],
}


def template(fake: FakeServicevm, name: str = "lb") -> Json:
    return fake.store.add("device_templates", {"name": name})


def device(fake: FakeServicevm, name: str = "edge", **more: Any) -> Json:
    """An active device; `more` is what is otherwise."""
    rows = fake.store.rows["device_templates"]
    known = next(iter(rows.values())) if rows else template(fake)
    row = fake.store.add(
        "devices",
        {
            "name": name,
            "template_id": known["id"],
            "interfaces": [
                {
                    "role": role,
                    "index": index,
                    "network": f"{role}-net",
                    "mac": f"52:54:00:00:00:0{index}",
                    "address": f"192.0.2.{index + 1}",
                    "prefix": 24,
                    "gateway": None,
                }
                for index, role in enumerate(("mgmt", "ingress"))
            ],
            "launched_at": "2026-11-22T10:00:00.000000Z",
        },
    )
    row |= more
    return row


def service(
    fake: FakeServicevm, name: str = "web", on: Json | None = None, **more: Any
) -> Json:
    """An active load balancer on a device, with two members."""
    host = on or device(fake)
    row = fake.store.add(
        "services",
        {
            "name": name,
            "device_id": host["id"],
            "service_type": "loadbalancer",
            "config": CONFIG,
            "digest": "sha256:00",
            "endpoints": [
                {
                    "name": "web",
                    "protocol": "http",
                    "address": "192.0.2.2",
                    "port": 80,
                }
            ],
            "members": [
                {"pool": "p", "name": "m1", "operating_status": "ONLINE"},
                {"pool": "p", "name": "m2", "operating_status": "OFFLINE"},
            ],
        },
    )
    row |= more
    return row


def operation(
    fake: FakeServicevm, row: Json, action: str, **more: Any
) -> Json:
    """Begin an operation on a device or service; its user is the tests'."""
    plural = "services" if "service_type" in row else "devices"
    found = fake.store.begin(plural, row, action)
    found |= {"user_id": "u1", **more}
    return found


def event(fake: FakeServicevm, row: Json, message: str, **more: Any) -> Json:
    """Something happened to a device."""
    return fake.store.add(
        "events",
        {
            "at": "2026-11-22T10:00:00.000000Z",
            "type": "device.operating_status",
            "severity": "WARNING",
            "resource_type": "device",
            "resource_id": row["id"],
            "device_id": row["id"],
            "operation_id": None,
            "code": None,
            "message": message,
            **more,
        },
    )


def calls(fake: FakeServicevm) -> list[str]:
    """``METHOD /path`` of what was asked since the last time."""
    found = [
        f"{method} {target.partition('?')[0]}"
        for method, target in fake.requests
    ]
    fake.requests.clear()
    return found
