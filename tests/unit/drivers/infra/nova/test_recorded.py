"""The driver against answers that a real cloud gave.

Each test has a tape of its own name in ``recordings/``. What the driver sends
has to be what it sent then; see tools/lab/record for how to record again.
"""

import dataclasses
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from servicevm.drivers.infra.base import (
    DeviceSpec,
    DeviceState,
    InterfaceSpec,
    Listener,
    Peer,
)
from servicevm.drivers.infra.conformance import Ledger
from servicevm.errors import PermanentError, TransientError
from tests.unit.drivers.infra.nova.sent import SERVERS, asked, made, refused
from tests.unit.drivers.infra.nova.stage import RELAY, Stage
from tests.unit.drivers.infra.nova.tape import TOKEN


def test_a_device_lives_and_dies(stage: Stage) -> None:
    driver, spec, ledger = stage.driver(), stage.spec(), stage.ledger
    spec = dataclasses.replace(spec, interfaces=driver.prepare(spec, ledger))
    mgmt, ingress = spec.interfaces
    assert mgmt.network == stage.network("servicevm-mgmt", "service")
    assert stage.within(mgmt.address, "servicevm-mgmt", "service")
    assert (mgmt.prefix, mgmt.gateway) == (24, None)
    assert stage.within(ingress.address, "demo-net", "demo")
    assert (ingress.prefix, ingress.gateway) == (24, "10.77.0.1")
    assert mgmt.mac.startswith("52:54:00")
    driver.create(spec, ledger)
    seen = stage.wait(driver, spec)
    assert seen.facts["server_id"] == ledger.present["server"]
    assert seen.facts["flavor"] == "m1.nano"
    driver.create(spec, ledger)
    assert len(asked(stage, "POST", SERVERS)) == 1
    assert driver.device_ids() == {spec.id}
    assert len(driver.console_log(spec, 20)) <= 20
    stage.gone(driver, spec)
    assert driver.observe(spec).state is DeviceState.ABSENT


def test_a_server_is_asked_for_as_the_template_says(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    # A service that was started before has set these apart.
    for library in ("keystoneauth", "openstack", "requests", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=library)
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    (body,) = asked(stage, "POST", SERVERS)
    server = body["server"]
    ports = [stage.ledger.present[f"port:{index}"] for index in (0, 1)]
    assert server["networks"] == [{"port": one} for one in ports]
    assert server["config_drive"] is True
    assert server["availability_zone"] == "fake"
    assert server["metadata"]["servicevm_device"] == spec.id
    assert f"servicevm-device:{spec.id}" in server["tags"]
    assert server["user_data"] == "eyJ0b2tlbiI6ICJvZiBhIHRlc3QifQ=="
    stage.gone(driver, spec)
    assert "/network/v2.0/ports" in caplog.text
    for secret in (
        "of a test",
        server["user_data"],
        stage.conf.nova.password,
        TOKEN,
    ):
        assert secret not in caplog.text


def test_services_are_let_through_and_nothing_else(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    ingress = spec.interfaces[1]

    def rules(name: str) -> Any:
        return stage.fact(
            name,
            lambda cloud: sorted(
                [
                    rule.direction,
                    rule.ether_type,
                    rule.protocol,
                    rule.port_range_min,
                    rule.remote_ip_prefix,
                ]
                for group in next(
                    cloud.network.ports(mac_address=ingress.mac)
                ).security_group_ids
                for rule in cloud.network.security_group_rules(
                    security_group_id=group
                )
            ),
        )

    assert rules("at first") == []
    found = driver.publish(
        spec,
        [Listener("web", "http", 80), Listener("dns", "udp", 53)],
        [Peer("10.77.0.11", 8080)],
    )
    assert [(one.address, one.port) for one in found] == [
        (ingress.address, 80),
        (ingress.address, 53),
    ]
    assert rules("published") == [
        ["egress", "IPv4", "tcp", 8080, "10.77.0.11/32"],
        ["ingress", "IPv4", "tcp", 80, None],
        ["ingress", "IPv4", "udp", 53, None],
        ["ingress", "IPv6", "tcp", 80, None],
        ["ingress", "IPv6", "udp", 53, None],
    ]
    before = len(stage.tape.heard)
    driver.publish(
        spec,
        [Listener("web", "http", 80), Listener("dns", "udp", 53)],
        [Peer("10.77.0.11", 8080)],
    )
    assert {one.method for one in stage.tape.heard[before:]} == {"GET"}
    driver.publish(spec, [Listener("web", "http", 8000)], [])
    assert rules("changed") == [
        ["ingress", "IPv4", "tcp", 8000, None],
        ["ingress", "IPv6", "tcp", 8000, None],
    ]
    driver.publish(spec, [], [])
    assert rules("emptied") == []
    stage.gone(driver, spec)


def test_a_management_port_reaches_its_relays_and_nothing_else(
    stage: Stage,
) -> None:
    driver, spec = stage.driver(), stage.spec()
    driver.prepare(spec, stage.ledger)
    port = stage.ledger.present["port:0"]
    rules = stage.fact(
        "rules",
        lambda cloud: [
            [
                rule.direction,
                rule.ether_type,
                rule.protocol,
                rule.port_range_min,
                rule.port_range_max,
                rule.remote_ip_prefix,
            ]
            for group in cloud.network.get_port(port).security_group_ids
            for rule in cloud.network.security_group_rules(
                security_group_id=group
            )
        ],
    )
    assert rules == [
        ["egress", "IPv4", "tcp", 9891, 9891, "172.29.0.2/32"],
    ]
    # Relays move: the port follows.
    more = dataclasses.replace(
        spec, peers=[RELAY, Peer("172.29.0.3", 9891, "mgmt")]
    )
    driver.prepare(more, stage.ledger)
    groups = stage.fact(
        "groups",
        lambda cloud: len(
            list(
                cloud.network.security_groups(
                    description="servicevm: management, of "
                    + stage.conf.deployment_id
                )
            )
        ),
    )
    assert groups == 2
    stage.gone(driver, spec)


def test_a_device_restarts_and_is_rebuilt(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    server = stage.wait(driver, spec).facts["server_id"]
    driver.reboot(spec, hard=True)
    assert driver.observe(spec).state is DeviceState.BUILDING
    stage.wait(driver, spec)
    stage.meanwhile(lambda cloud: cloud.compute.stop_server(server))
    stopped = stage.wait(driver, spec, DeviceState.STOPPED)
    assert stopped.detail == "The server is shut off."
    driver.reboot(spec)
    stage.wait(driver, spec)
    fresh = dataclasses.replace(
        spec, bootstrap={"servicevm.json": b"another first boot"}
    )
    again = driver.prepare(fresh, stage.ledger)
    assert list(again) == list(spec.interfaces)
    driver.rebuild(fresh, stage.ledger)
    assert stage.wait(driver, spec).facts["server_id"] == server
    *_, body = asked(stage, "POST", f"{SERVERS}/{server}/action")
    assert body["rebuild"]["user_data"] == "YW5vdGhlciBmaXJzdCBib290"
    stage.gone(driver, spec)


def test_an_interface_comes_and_goes(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    more = dataclasses.replace(
        spec.interfaces[1], role="egress", index=2, mac="52:54:00:77:00:02"
    )
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    stage.wait(driver, spec)
    plugged = driver.attach_interface(spec, more, stage.ledger)
    assert plugged.address
    assert driver.attach_interface(spec, more, stage.ledger) == plugged
    driver.detach_interface(spec, plugged)
    driver.detach_interface(spec, plugged)
    stage.gone(driver, spec)


def test_a_lost_answer_makes_no_second_server(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    stage.tape.lose("POST", SERVERS)
    refused(
        lambda: driver.create(spec, stage.ledger),
        TransientError,
        "cloud_unavailable",
    )
    assert "server" not in stage.ledger.present
    driver.create(spec, stage.ledger)
    assert len(asked(stage, "POST", SERVERS)) == 1
    stage.wait(driver, spec)
    stage.gone(driver, spec)


def test_a_lost_answer_makes_no_second_port(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    stage.tape.lose("POST", "/network/v2.0/ports")
    refused(
        lambda: driver.prepare(spec, stage.ledger),
        TransientError,
        "cloud_unavailable",
    )
    driver.prepare(spec, stage.ledger)
    assert len(asked(stage, "POST", "/network/v2.0/ports")) == 2
    stage.gone(driver, spec)


def test_of_two_servers_the_older_stays(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    first = stage.ledger.present["server"]

    def twin(_: object) -> None:
        """As a conductor makes it that saw no server."""
        (body,) = asked(stage, "POST", SERVERS)
        service = stage.service()
        answer = service.compute.post(
            "/servers",
            json={"server": {**body["server"], "networks": "none"}},
            microversion="2.57",
        )
        service.session.session.close()
        assert answer.status_code == 202, answer.text

    stage.meanwhile(twin)
    assert stage.wait(driver, spec).facts["server_id"] == first
    stage.gone(driver, spec)


def test_a_server_deleted_behind_our_back_is_missed(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    server = stage.wait(driver, spec).facts["server_id"]
    stage.meanwhile(lambda cloud: cloud.compute.delete_server(server))
    stage.wait(driver, spec, DeviceState.ABSENT)
    refused(lambda: driver.reboot(spec), PermanentError, "device_missing")
    # It is healed with the interfaces that it had.
    assert list(driver.prepare(spec, stage.ledger)) == list(spec.interfaces)
    driver.create(spec, stage.ledger)
    assert stage.wait(driver, spec).facts["server_id"] != server
    stage.gone(driver, spec)


def test_a_device_is_deleted_with_a_lost_ledger(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    driver.publish(spec, [Listener("web", "http", 80)], [])
    again = stage.driver()
    while spec.id in again.device_ids():
        again.delete_leftover(spec.id)
    stage.empty()


def test_no_host_has_room(stage: Stage) -> None:
    flavor = stage.fact("flavor", _nowhere)
    driver, spec = stage.driver(), stage.spec(flavor=flavor)
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    seen = stage.wait(driver, spec, DeviceState.FAILED)
    assert seen.code == "no_valid_host"
    assert "No valid host was found" in seen.detail
    stage.gone(driver, spec)
    stage.meanwhile(lambda cloud: cloud.compute.delete_flavor(flavor))


def _nowhere(cloud: Any) -> str:
    """A flavor that wants what no host has."""
    flavor = cloud.compute.create_flavor(
        name="recorded-nowhere", vcpus=1, ram=64, disk=1
    )
    cloud.compute.create_flavor_extra_specs(
        flavor, {"resources:CUSTOM_NOWHERE": "1"}
    )
    return str(flavor.name)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ({"image": "no-such"}, "image_missing", "no image no-such"),
        ({"flavor": "no-such"}, "flavor_missing", "no flavor no-such"),
        ({"memory_mib": 128}, "flavor_too_small", "m1.nano has 1 processors"),
        ({"server_group": "no-such"}, "template_invalid", "no server group"),
        ({"security_groups": ["no-such"]}, "template_invalid", "no security"),
    ],
    ids=["image", "flavor", "small", "servergroup", "securitygroup"],
)
def test_what_is_not_there_is_said_before_anything_is_made(
    stage: Stage, options: dict[str, Any], code: str, words: str
) -> None:
    driver, spec = stage.driver(), stage.spec(**options)
    refused(
        lambda: driver.prepare(spec, stage.ledger),
        PermanentError,
        code,
        words,
    )
    assert made(stage) == []
    assert stage.ledger.entries == []


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"network": "no-such", "of_template": True}, "network_missing",
         "no network no-such"),
        ({"network": "other"}, "network_refused", "nor shared with it"),
        ({"network": "servicevm-mgmt"}, "network_refused", "nor shared"),
        ({"subnet": "no-such"}, "network_missing", "no subnet no-such"),
        ({"port": "no-such"}, "network_refused", "owner: tenant"),
    ],
    ids=["missing", "others", "operators", "subnet", "port"],
)  # fmt: skip
def test_networks_that_are_not_the_projects_are_refused(
    stage: Stage, changes: dict[str, Any], code: str, words: str
) -> None:
    spec = stage.spec()
    if changes.get("network") == "other":
        changes = {"network": stage.fact("others", _others)}
    if changes.get("network") == "servicevm-mgmt":
        changes = {"network": stage.network("servicevm-mgmt", "service")}
    mgmt, ingress = spec.interfaces
    spec = dataclasses.replace(
        spec, interfaces=[mgmt, dataclasses.replace(ingress, **changes)]
    )
    driver = stage.driver()
    refused(
        lambda: driver.prepare(spec, stage.ledger),
        PermanentError,
        code,
        words,
    )
    assert made(stage) == []
    if "others" in stage.tape.facts:
        stage.meanwhile(
            lambda cloud: cloud.network.delete_network(
                stage.tape.facts["others"]
            )
        )


def _others(cloud: Any) -> str:
    (owner,) = cloud.identity.projects(name="other")
    network = cloud.network.create_network(
        name="recorded-other", project_id=owner.id
    )
    cloud.network.create_subnet(
        network_id=network.id,
        project_id=owner.id,
        ip_version=4,
        cidr="10.99.0.0/24",
    )
    return str(network.id)


def test_a_network_that_is_shared_with_the_project_is_its_own(
    stage: Stage,
) -> None:
    shared = stage.fact("others", _others)
    mine = stage.project("demo")
    stage.meanwhile(
        lambda cloud: cloud.network.create_rbac_policy(
            object_type="network",
            object_id=shared,
            action="access_as_shared",
            target_project_id=mine,
        )
    )
    driver, spec = stage.driver(), stage.spec()
    mgmt, ingress = spec.interfaces
    spec = dataclasses.replace(
        spec, interfaces=[mgmt, dataclasses.replace(ingress, network=shared)]
    )
    _, turned_out = driver.prepare(spec, stage.ledger)
    assert str(turned_out.address).startswith("10.99.0.")
    stage.gone(driver, spec)
    stage.meanwhile(lambda cloud: cloud.network.delete_network(shared))


@pytest.fixture
def of_other(stage: Stage) -> Iterator[DeviceSpec]:
    """A device in the project ``other``, whose quotas nobody needs."""
    spec = stage.spec(owner="tenant")
    network = stage.fact("others", _others)
    mgmt, ingress = spec.interfaces
    yield dataclasses.replace(
        spec,
        project_id=stage.project("other"),
        interfaces=[mgmt, dataclasses.replace(ingress, network=network)],
    )
    stage.meanwhile(lambda cloud: cloud.network.delete_network(network))


def test_an_exhausted_quota_of_ports_leaves_nothing(
    stage: Stage, of_other: DeviceSpec
) -> None:
    driver, project = stage.driver(), of_other.project_id

    def only_one(cloud: Any) -> None:
        used = len(list(cloud.network.ports(project_id=project)))
        cloud.network.update_quota(project, ports=used + 1)

    stage.meanwhile(only_one)
    try:
        refused(
            lambda: driver.prepare(of_other, stage.ledger),
            PermanentError,
            "cloud_quota",
            "Quota exceeded for resources: .'port'",
        )
    finally:
        stage.meanwhile(lambda cloud: cloud.network.delete_quota(project))
    assert "port:0" in stage.ledger.present
    stage.empty()


def test_an_exhausted_quota_of_servers_leaves_nothing(
    stage: Stage, of_other: DeviceSpec
) -> None:
    driver, project = stage.driver(), of_other.project_id
    stage.meanwhile(
        lambda cloud: cloud.compute.update_quota_set(project, instances=0)
    )
    try:
        spec = dataclasses.replace(
            of_other, interfaces=driver.prepare(of_other, stage.ledger)
        )
        refused(
            lambda: driver.create(spec, stage.ledger),
            PermanentError,
            "cloud_quota",
            "Quota exceeded for instances",
        )
    finally:
        stage.meanwhile(lambda cloud: cloud.compute.revert_quota_set(project))
    stage.empty()


def test_an_address_that_is_taken_is_refused(stage: Stage) -> None:
    network = stage.network("demo-net", "demo")
    taken = stage.fact(
        "port",
        lambda cloud: (
            cloud.network.create_port(
                network_id=network,
                fixed_ips=[{"ip_address": "10.77.0.20"}],
                project_id=stage.project("demo"),
            ).id
        ),
    )
    driver, spec = stage.driver(), stage.spec()
    mgmt, ingress = spec.interfaces
    wish = dataclasses.replace(ingress, address="10.77.0.20")
    asking = dataclasses.replace(spec, interfaces=[mgmt, wish])
    refused(
        lambda: driver.prepare(asking, stage.ledger),
        PermanentError,
        "address_taken",
    )
    stage.empty()
    # Nobody wished for what an interface had before: it gets another.
    had = dataclasses.replace(wish, prefix=24)
    before = dataclasses.replace(spec, interfaces=[mgmt, had])
    _, turned_out = driver.prepare(before, Ledger())
    assert turned_out.address not in (None, "10.77.0.20")
    stage.gone(driver, spec)
    stage.meanwhile(lambda cloud: cloud.network.delete_port(taken))


def test_a_tenants_own_port_is_used_and_left_alone(stage: Stage) -> None:
    network = stage.network("demo-net", "demo")
    demo = stage.project("demo")
    port = stage.fact(
        "port",
        lambda cloud: (
            cloud.network.create_port(
                name="mine", network_id=network, project_id=demo
            ).id
        ),
    )
    driver, spec = stage.driver(), stage.spec(owner="tenant")
    mgmt, ingress = spec.interfaces
    own = InterfaceSpec("ingress", 1, "", ingress.mac, port=port)
    spec = dataclasses.replace(spec, interfaces=[mgmt, own])
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    assert spec.interfaces[1].network == network
    assert stage.within(spec.interfaces[1].address, "demo-net", "demo")
    driver.create(spec, stage.ledger)
    stage.wait(driver, spec)
    # Its own server has it; another device may not.
    ledger = stage.ledger.present
    held = dataclasses.replace(spec, ledger=ledger)
    assert list(driver.prepare(held, Ledger())) == list(spec.interfaces)
    stranger = dataclasses.replace(
        spec, id="0b5bd4f4-6a3c-4d0c-9a55-5d1f8f1e7a11"
    )
    refused(
        lambda: driver.prepare(stranger, Ledger()),
        PermanentError,
        "network_refused",
        "in use",
    )
    stage.gone(driver, spec)
    left = stage.fact(
        "left alone",
        lambda cloud: [
            cloud.network.get_port(port).name,
            cloud.network.get_port(port).device_id,
        ],
    )
    assert left == ["mine", ""]
    stage.meanwhile(lambda cloud: cloud.network.delete_port(port))


def test_wrong_credentials_are_said(stage: Stage) -> None:
    stage.conf.set_override("password", "wrong", group="nova")
    driver = stage.driver()
    refused(
        lambda: driver.observe(stage.spec()),
        PermanentError,
        "cloud_credentials",
        "Keystone to log in",
    )


def test_a_cloud_that_is_down_is_said(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    assert driver.observe(spec).state is DeviceState.ABSENT
    stage.conf.set_override("connect_retries", 0, group="nova")
    down = stage.driver()
    stage.tape.stop()
    refused(lambda: down.observe(spec), TransientError, "cloud_unavailable")
    stage.tape.start()
