"""Templates and devices for tests with guests that really run."""

import base64
import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from servicevmclient.v1.client import Client

__all__ = [
    "FLAVOR",
    "document",
    "eventually",
    "made_device",
    "made_template",
    "server_of",
    "things_of",
]

#: Has what the guest image wants.
FLAVOR = "servicevm.small"
#: Seconds for what a busy machine may take.
PATIENCE = 360
_LOOK = 0.5


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What the question gives once that is true."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"there is never {what}"
        time.sleep(_LOOK)


@contextlib.contextmanager
def made_template(
    admin: Any,
    name: str,
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Iterator[Any]:
    """A template of devices with an agent; its devices have to be gone.

    :param options: of the infra driver, over the lab's usual
    """
    client = Client(admin.session)
    made = client.create_device_template(
        name=name,
        infra_driver="nova",
        infra_options={
            "availability_zone": "kvm",
            "flavor": FLAVOR,
            **(options or {}),
        },
        mgmt_driver="agent",
        mgmt_options={"transport": "tcp"},
        interfaces=[{"role": "mgmt", "network": "servicevm-mgmt"}],
        service_types=["loadbalancer"],
        **{"health": {"first_contact_timeout": PATIENCE}, **more},
    )
    try:
        yield made
    finally:
        client.delete_device_template(made.id)


@contextlib.contextmanager
def made_device(cloud: Any, template: Any, name: str) -> Iterator[Any]:
    """A device as it was asked for; deleted at the end.

    :param cloud: connection of the tenant whose it is
    """
    client = Client(cloud.session)
    made = client.create_device(name=name, template_id=template.id)
    try:
        yield made
    finally:
        client.delete_device(made.id)
        client.wait_for_device_gone(made.id, timeout=PATIENCE)


def server_of(admin: Any, device_id: str) -> Any:
    """The only server of the device, as Nova has it now."""
    (listed,) = admin.compute.servers(
        all_projects=True, tags=f"servicevm-device:{device_id}"
    )
    return admin.compute.get_server(listed.id)


def document(admin: Any, device_id: str) -> dict[str, Any]:
    """What the device is told at its first boot."""
    data = base64.b64decode(server_of(admin, device_id).user_data)
    found: dict[str, Any] = json.loads(data)
    return found


def things_of(admin: Any, device_id: str) -> list[str]:
    """Servers, ports and security groups of the device; their kinds."""
    tag = f"servicevm-device:{device_id}"
    return [
        *[
            "server"
            for _ in admin.compute.servers(all_projects=True, tags=tag)
        ],
        *["port" for _ in admin.network.ports(tags=tag)],
        *["security group" for _ in admin.network.security_groups(tags=tag)],
    ]
