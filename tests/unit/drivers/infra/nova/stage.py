"""What a test of recorded answers is played on.

Without more, answers come from the tapes in ``recordings/``. With
``SERVICEVM_RECORD`` naming the clouds.yaml of a lab they come from there, and
the tapes are written anew; see tools/lab/record.
"""

import contextlib
import ipaddress
import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import openstack.connection
import openstack.exceptions
import yaml
from keystoneauth1.identity.v3 import Password
from keystoneauth1.session import Session
from oslo_config import cfg

from servicevm.drivers.infra.base import (
    DeviceSpec,
    DeviceState,
    InterfaceSpec,
    Observation,
    Peer,
)
from servicevm.drivers.infra.conformance import Ledger
from servicevm.drivers.infra.nova import login
from servicevm.drivers.infra.nova.driver import NovaInfraDriver
from servicevm.drivers.infra.nova.marks import Marks
from tests.unit.drivers.infra.nova.tape import Tape

__all__ = ["RECORDINGS", "Stage", "staged"]

RECORDINGS = Path(__file__).with_name("recordings")
RELAY = Peer("172.29.0.2", 9891, "mgmt")

#: Services of the catalog that are asked.
_SERVICES = ("compute", "network", "image")


class Stage:
    """
    :param admin: the lab's administrator, when recording
    """

    def __init__(
        self,
        name: str,
        tape: Tape,
        conf: cfg.ConfigOpts,
        admin: openstack.connection.Connection | None,
    ) -> None:
        self.name = name
        self.tape = tape
        self.conf = conf
        self.ledger = Ledger()
        #: Whether the test did; only then its tape is worth keeping.
        self.passed = False
        #: Of the lab's clouds.yaml, when recording.
        self.entries: Mapping[str, Any] = {}
        self._admin = admin
        self._drivers: list[NovaInfraDriver] = []

    def fact(
        self, name: str, find: Callable[[openstack.connection.Connection], Any]
    ) -> Any:
        """What was so when it was recorded, e.g. the id of a network."""
        if self._admin is not None:
            self.tape.facts[name] = find(self._admin)
        return self.tape.facts[name]

    def meanwhile(
        self, change: Callable[[openstack.connection.Connection], object]
    ) -> None:
        """Somebody else changes something in the cloud."""
        if self._admin is not None:
            change(self._admin)
        self.tape.changed()

    def driver(self) -> NovaInfraDriver:
        self._drivers.append(NovaInfraDriver(self.conf))
        return self._drivers[-1]

    def project(self, name: str) -> str:
        return str(
            self.fact(
                f"project {name}",
                lambda cloud: next(
                    one.id for one in cloud.identity.projects(name=name)
                ),
            )
        )

    def network(self, name: str, project: str) -> str:
        owner = self.project(project)
        return str(
            self.fact(
                f"network {name}",
                lambda cloud: next(
                    one.id
                    for one in cloud.network.networks(
                        name=name, project_id=owner
                    )
                ),
            )
        )

    def within(self, address: str | None, name: str, project: str) -> bool:
        """Whether the address is one of the network's."""
        network = self.network(name, project)
        cidr = self.fact(
            f"cidr of {name}",
            lambda cloud: next(
                one.cidr for one in cloud.network.subnets(network_id=network)
            ),
        )
        return ipaddress.ip_address(str(address)) in ipaddress.ip_network(cidr)

    def service(self) -> openstack.connection.Connection:
        """The lab as the service's own user; when recording."""
        return _connected(self.entries["lab-service"])

    def spec(self, **options: Any) -> DeviceSpec:
        """A device of the project demo, on two networks."""
        device_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, self.name))
        return DeviceSpec(
            device_id,
            f"recorded-{device_id[:8]}",
            self.project("demo"),
            {
                "image": "blank",
                "flavor": "m1.nano",
                "memory_mib": 64,
                "availability_zone": "fake",
                **options,
            },
            [
                InterfaceSpec(
                    "mgmt",
                    0,
                    "servicevm-mgmt",
                    f"52:54:00:{device_id[:2]}:{device_id[2:4]}:00",
                    of_template=True,
                ),
                InterfaceSpec(
                    "ingress",
                    1,
                    self.network("demo-net", "demo"),
                    f"52:54:00:{device_id[:2]}:{device_id[2:4]}:01",
                ),
            ],
            {"servicevm.json": b'{"token": "of a test"}'},
            peers=[RELAY],
        )

    def wait(
        self,
        driver: NovaInfraDriver,
        spec: DeviceSpec,
        state: DeviceState = DeviceState.RUNNING,
    ) -> Observation:
        deadline = time.monotonic() + 120
        while True:
            seen = driver.observe(spec)
            if seen.state is state:
                return seen
            if time.monotonic() > deadline:
                raise AssertionError(f"{seen} is not {state}")
            time.sleep(seen.look_in or 0.05)

    def gone(self, driver: NovaInfraDriver, spec: DeviceSpec) -> None:
        """Have the device deleted, and look that nothing is left."""
        deadline = time.monotonic() + 120
        while not driver.delete(spec):
            if time.monotonic() > deadline:
                raise AssertionError("it does not go away")
            time.sleep(0.1)
        assert driver.device_ids() == set()
        self.empty()

    def empty(self) -> None:
        """Nothing of the test is in the cloud any more."""

        def look(cloud: openstack.connection.Connection) -> list[str]:
            return [one.name for one in _all(cloud, self.conf.deployment_id)]

        assert self.fact("left", look) == []

    def close(self) -> None:
        for driver in self._drivers:
            driver.close()


@contextlib.contextmanager
def staged(name: str, conf: cfg.ConfigOpts) -> Iterator[Stage]:
    """A stage; afterwards nothing may have been asked that was not then."""
    path = RECORDINGS / f"{name}.json"
    clouds = os.environ.get("SERVICEVM_RECORD")
    admin, entries = None, {}
    if clouds is None:
        tape = Tape.read(path)
        password = "not-needed"
    else:
        entries = yaml.safe_load(Path(clouds).read_text())["clouds"]
        admin = _connected(entries["lab-admin"])
        tape = Tape(services=_services(admin, entries["lab-service"]))
        password = entries["lab-service"]["auth"]["password"]
    address = tape.start()
    _configure(conf, f"{address}/identity/v3", password)
    conf.set_override("deployment_id", name[:63].strip("-"))
    conf.set_override(
        "poll_interval", 0.1 if clouds is None else 1.0, group="nova"
    )
    stage = Stage(name, tape, conf, admin)
    stage.entries = entries
    try:
        yield stage
        assert tape.unknown == []
        if admin is not None and stage.passed:
            tape.write(path)
    finally:
        stage.close()
        tape.stop()
        if admin is not None:
            _sweep(admin, conf.deployment_id)
            admin.session.session.close()


def _configure(conf: cfg.ConfigOpts, auth_url: str, password: str) -> None:
    login.register(conf)
    known = {opt.dest: opt for opt in login.auth_opts()}
    values = {
        "auth_type": "password",
        "auth_url": auth_url,
        "username": "servicevm",
        "password": password,
        "project_name": "service",
        "user_domain_id": "default",
        "project_domain_id": "default",
        "region_name": "RegionOne",
    }
    for name, value in values.items():
        if name not in conf.nova:
            conf.register_opt(known[name], group=login.GROUP)
        conf.set_override(name, value, group=login.GROUP)


def _connected(entry: dict[str, Any]) -> openstack.connection.Connection:
    session = Session(auth=Password(**entry["auth"]), timeout=120)
    return openstack.connection.Connection(
        session=session, region_name=entry.get("region_name")
    )


def _all(
    admin: openstack.connection.Connection, deployment: str
) -> Iterator[Any]:
    """Servers, ports and security groups of a deployment."""
    tag = Marks(deployment).deployment_tag
    yield from admin.compute.servers(all_projects=True, tags=tag)
    for one in (*admin.network.ports(), *admin.network.security_groups()):
        # What was made a moment ago may have no tags yet.
        if str(one.description).endswith(f" of {deployment}"):
            yield one


def _sweep(admin: openstack.connection.Connection, deployment: str) -> None:
    """Delete what a test that failed has left in the lab."""
    for one in _all(admin, deployment):
        with contextlib.suppress(openstack.exceptions.ConflictException):
            one.delete(
                admin.compute if "server" in one.base_path else admin.network
            )


def _services(
    admin: openstack.connection.Connection, entry: dict[str, Any]
) -> dict[str, str]:
    """Kind of service to its address in the lab."""
    found = {
        kind: str(
            admin.session.get_endpoint(service_type=kind, interface="internal")
        )
        for kind in _SERVICES
    }
    identity = entry["auth"]["auth_url"].removesuffix("/v3")
    return {**found, "identity": identity}
