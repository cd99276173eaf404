"""What the pages have to show: templates, and devices by the number."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from servicevmclient.v1 import Client

__all__ = ["TEMPLATES", "ensure_templates", "populate"]

#: Large enough for thousands of devices.
_CIDRS = {
    "ingress": "10.10.0.0/16",
    "egress": "10.20.0.0/16",
    "mgmt": "10.30.0.0/16",
}


def _noop(create_seconds: float) -> Mapping[str, Any]:
    return {
        "infra_driver": "noop",
        "infra_options": {
            "create_seconds": create_seconds,
            "vcpus": 1,
            "memory_mib": 192,
        },
        "mgmt_driver": "noop",
        "interfaces": [
            {"role": role, "network": role, "cidr": cidr}
            for role, cidr in _CIDRS.items()
        ],
        "service_types": ["loadbalancer"],
        "slots": 4,
    }


_LB: Mapping[str, Any] = {
    "name": "lb",
    "description": "Load balancers, four to a device.",
    **_noop(3),
}

#: By the lab's kind of devices.
TEMPLATES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "noop": [_LB],
    "qemu": [
        {
            "name": "lb",
            "description": "A real virtual machine with haproxy.",
            "infra_driver": "qemu",
            "mgmt_driver": "agent",
            "interfaces": [{"role": "ingress", "network": "user"}],
            "service_types": ["loadbalancer"],
            "slots": 4,
        },
        {**_LB, "name": "dummy", "description": "No machine at all."},
    ],
}


def ensure_templates(client: Client, devices: str) -> None:
    """Make those that are not there; `client` is the administrator's."""
    have = {template.name for template in client.device_templates()}
    for wanted in TEMPLATES[devices]:
        if wanted["name"] not in have:
            client.create_device_template(**wanted)


def populate(
    admin: Client,
    member: Client,
    count: int,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Make this many devices of `member`'s project, and wait for them."""
    quick = admin.find_device_template("quick", ignore_missing=True)
    if quick is None:
        quick = admin.create_device_template(
            name="quick", description="Runs at once.", **_noop(0)
        )
    first = sum(1 for _ in member.devices()) + 1
    project = member.get_quota().project_id
    room = first + count + 20
    admin.update_quota(
        project, devices=room, vcpus=room, ram=room * 192, slots=room * 4
    )

    # One at a time: SQLite has room for one writer beside the conductor.
    ids = [
        member.create_device(
            name=f"edge-{number:04}",
            template_id=quick.id,
            tags=[("north", "south")[number % 2]],
        ).id
        for number in range(first, first + count)
    ]
    say(f"{count} devices are asked for")
    for each in ids:
        member.wait_for_device(each)
