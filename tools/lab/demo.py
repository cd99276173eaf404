"""The main job on a real OpenStack: ``make lab-demo``.

An operator defines what a load balancer device is, a tenant makes one: Nova
boots it, its agent calls home over the management network, requests of the
tenant's network go through it. Then its server is deleted behind our back,
and built again. At the end nothing is left.
"""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from servicevmclient.v1.client import Client
from tools.demo import backend, balancing
from tools.demo.network import TenantNetwork
from tools.demo.terminal import DemoError, Shell, say
from tools.lab import image, networks
from tools.lab.host import Host
from tools.lab.lab import Lab

__all__ = ["run"]

_TEMPLATE = "lb"
_DEVICE = "lb1"
_PORT = 8080
#: Seconds until a server that was deleted is missed.
_MISSED = 60.0
_LOOK = 0.5

_OPERATOR = "lab-admin"
_TENANT = "lab-demo"


def run(lab: Lab, folder: Path) -> None:
    """Tell the story.

    :param lab: runs
    :param folder: for a file that a command names
    :raises DemoError: it does not go as promised
    """
    operator = Shell(lab.clouds, _OPERATOR)
    tenant = Shell(lab.clouds, _TENANT)
    tenant.folder = folder
    with contextlib.ExitStack() as stack:
        admin = stack.enter_context(lab.cloud(_OPERATOR))
        network = stack.enter_context(_servers(lab, admin))
        say(f"An operator (OS_CLOUD={_OPERATOR}) gives Glance the image")
        service = Shell(lab.clouds, "lab-service")
        for command in image.commands():
            service.show(command)
        operator.show("openstack image list --tag servicevm")
        say("and defines what a load balancer device is")
        operator.show(
            "openstack servicevm device template create --infra-driver nova "
            "--infra-option availability_zone=kvm --infra-option "
            "flavor=servicevm.small --mgmt-driver agent --mgmt-option "
            "transport=tcp --interface role=mgmt,network=servicevm-mgmt "
            "--interface role=ingress --service-type loadbalancer --slots 4 "
            f"{_TEMPLATE}"
        )
        stack.callback(_clean, Client(admin.session))
        say(f"A tenant (OS_CLOUD={_TENANT}) has a device booted by Nova")
        tenant.show(
            f"openstack servicevm device create --template {_TEMPLATE} "
            f"--interface role=ingress,network=demo-net --wait {_DEVICE}"
        )
        tenant.show(f"openstack servicevm device show {_DEVICE}")
        say(
            "Its server and its port on the management network are not the "
            "tenant's"
        )
        service.show("openstack server list")
        tenant.show("openstack server list")
        say("A load balancer in it, whose servers let it in")
        stack.enter_context(_let_in(lab))
        path = folder / "web.yaml"
        balancing.write_config(path, network)
        tenant.show(
            f"openstack servicevm service create --device {_DEVICE} "
            f"--type loadbalancer --config {path.name} --wait "
            f"{balancing.SERVICE}"
        )
        balancing.send_requests(tenant, network, _DEVICE)
        say("The operator's server is deleted behind our back")
        _delete_server(admin)
        device = _await_status(tenant, "DEAD")
        print(f"{_DEVICE} is DEAD: {device['status_reason']}")
        tenant.show(f"openstack servicevm device reboot --wait {_DEVICE}")
        balancing.send_requests(tenant, network, _DEVICE)
        tenant.show(f"openstack servicevm event list --device {_DEVICE}")
        say("And all of it away again")
        tenant.show(f"openstack servicevm device delete --wait {_DEVICE}")
        operator.show(
            f"openstack servicevm device template delete {_TEMPLATE}"
        )
        say("Nothing left?")
        _check_leftovers(operator, admin)


@contextlib.contextmanager
def _let_in(lab: Lab) -> Iterator[None]:
    """Let the tenant's servers be reached from their own network.

    They are in the project's security group ``default``, which lets in
    nobody but each other; what the device's port is in is the service's.
    """
    with lab.cloud(_TENANT) as tenant:
        network = tenant.network
        group = network.find_security_group("default", ignore_missing=False)
        print(
            "$ openstack security group rule create --protocol tcp "
            f"--dst-port {_PORT} --remote-ip {networks.DEMO.cidr} default"
        )
        rule = network.create_security_group_rule(
            security_group_id=group.id,
            direction="ingress",
            ether_type="IPv4",
            protocol="tcp",
            port_range_min=_PORT,
            port_range_max=_PORT,
            remote_ip_prefix=networks.DEMO.cidr,
        )
        try:
            yield
        finally:
            network.delete_security_group_rule(rule)


@contextlib.contextmanager
def _servers(lab: Lab, admin: Any) -> Iterator[TenantNetwork]:
    """Two HTTP servers and a client, hosts of the tenant's network."""
    network = admin.network.find_network("demo-net", ignore_missing=False)
    client, *backends = (
        lab.host(network, name) for name in ("client", "backend1", "backend2")
    )
    with contextlib.ExitStack() as stack:
        found = TenantNetwork("", prefix_command=client.inside)
        for host in backends:
            stack.callback(_end, _serve(host))
            found.members.append((host.name, host.address, _PORT))
        yield found


def _serve(host: Host) -> "subprocess.Popen[bytes]":
    server = host.start(
        sys.executable,
        str(backend.__file__),
        host.name,
        host.address,
        str(_PORT),
        stdout=subprocess.PIPE,
    )
    if server.stdout is None or not server.stdout.readline():
        _end(server)
        raise DemoError(f"The HTTP server on {host.name} did not start.")
    return server


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.terminate()
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(10)


def _clean(client: Client) -> None:
    """Take away what a story that broke off has left."""
    for template in client.device_templates(name=_TEMPLATE):
        for device in client.devices(
            template_id=template.id, all_projects=True
        ):
            client.delete_device(device.id)
            client.wait_for_device_gone(device)
        client.delete_device_template(template.id)


def _delete_server(admin: Any) -> None:
    """As somebody does who does not know whose it is."""
    for server in admin.compute.servers(all_projects=True, tags="servicevm"):
        print(f"$ openstack server delete {server.id}", flush=True)
        admin.compute.delete_server(server)
        admin.compute.wait_for_delete(server, interval=1, wait=120)


def _await_status(shell: Shell, wanted: str) -> dict[str, Any]:
    deadline = time.monotonic() + _MISSED
    while True:
        device = shell.read(f"device show {_DEVICE}")
        if not isinstance(device, dict):
            raise DemoError("device show did not give an object")
        if device["operating_status"] == wanted:
            return device
        if time.monotonic() > deadline:
            raise DemoError(
                f"{_DEVICE} is {device['operating_status']}, not {wanted}."
            )
        time.sleep(_LOOK)


def _check_leftovers(operator: Shell, admin: Any) -> None:
    """Prove that nothing is left.

    :raises DemoError: naming each thing that is
    """
    left = [
        f"server {one.id}"
        for one in admin.compute.servers(all_projects=True, tags="servicevm")
    ]
    left += [f"port {one.id}" for one in admin.network.ports(tags="servicevm")]
    left += [
        f"security group {one.id}"
        for one in admin.network.security_groups(tags="servicevm")
    ]
    rows = operator.read("device list --all-projects")
    left += [f"row {one}" for one in rows if isinstance(rows, list)]  # type: ignore[attr-defined]
    if left:
        raise DemoError("Left behind:\n  " + "\n  ".join(left))
    print("Nothing is left: no server, port, security group or row.")
