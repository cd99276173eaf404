"""What a template says of its servers, as a real cloud is asked for it.

Tapes as in test_recorded.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from servicevm.drivers.infra.base import DeviceSpec, DeviceState
from servicevm.drivers.infra.nova.driver import NovaInfraDriver
from servicevm.errors import PermanentError, TransientError
from tests.unit.drivers.infra.nova.sent import SERVERS, asked, made, refused
from tests.unit.drivers.infra.nova.stage import Stage

_KEY = (
    "ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIA5JYJ6oPoFqyHRdGPMdOlE7I6vxlHdRlbbSL5SQa2nO"
)


def created(
    stage: Stage, driver: NovaInfraDriver, spec: DeviceSpec
) -> DeviceSpec:
    """The device, whose server was asked for."""
    spec = dataclasses.replace(
        spec, interfaces=driver.prepare(spec, stage.ledger)
    )
    driver.create(spec, stage.ledger)
    return spec


def as_service(
    stage: Stage, change: Callable[[Any], Any]
) -> Callable[[object], Any]:
    """Something that the service's own user does in the lab."""

    def call(_: object) -> Any:
        service = stage.service()
        with contextlib.closing(service.session.session):
            return change(service)

    return call


@pytest.mark.parametrize("policy", ["affinity", "anti-affinity"])
def test_a_server_is_put_into_its_group(stage: Stage, policy: str) -> None:
    name = f"recorded-{policy}"
    group = stage.fact(
        "group",
        as_service(
            stage,
            lambda service: (
                service.compute.create_server_group(
                    name=name, policy=policy
                ).id
            ),
        ),
    )
    driver = stage.driver()
    spec = created(stage, driver, stage.spec(server_group=name))
    server = stage.wait(driver, spec).facts["server_id"]
    (body,) = asked(stage, "POST", SERVERS)
    assert body["OS-SCH-HNT:scheduler_hints"] == {"group": group}
    members = stage.fact(
        "members",
        as_service(
            stage,
            lambda service: service.compute.get_server_group(group).member_ids,
        ),
    )
    assert members == [server]
    stage.gone(driver, spec)
    stage.meanwhile(
        as_service(
            stage, lambda service: service.compute.delete_server_group(group)
        )
    )


def test_a_server_gets_the_key_pair(stage: Stage) -> None:
    stage.meanwhile(
        as_service(
            stage,
            lambda service: service.compute.create_keypair(
                name="recorded-key", public_key=_KEY
            ),
        )
    )
    driver = stage.driver()
    spec = created(stage, driver, stage.spec(keypair="recorded-key"))
    server = stage.wait(driver, spec).facts["server_id"]
    has = stage.fact(
        "key", lambda cloud: cloud.compute.get_server(server).key_name
    )
    assert has == "recorded-key"
    stage.gone(driver, spec)
    stage.meanwhile(
        as_service(
            stage,
            lambda service: service.compute.delete_keypair("recorded-key"),
        )
    )


def test_a_key_pair_that_is_missing_is_said_and_leaves_nothing(
    stage: Stage,
) -> None:
    driver, spec = stage.driver(), stage.spec(keypair="no-such")
    refused(
        lambda: created(stage, driver, spec),
        PermanentError,
        "cloud_refused",
        "key_name",
    )
    stage.empty()


def test_a_zone_that_is_missing_is_said_and_leaves_nothing(
    stage: Stage,
) -> None:
    driver, spec = stage.driver(), stage.spec(availability_zone="no-such")
    refused(
        lambda: created(stage, driver, spec),
        PermanentError,
        "cloud_refused",
        "availability zone",
    )
    stage.empty()


def _tagged(cloud: Any, name: str, data: bytes | None, **more: Any) -> Any:
    """An image with the tag; without data it is never active."""
    return cloud.image.create_image(
        name=name,
        disk_format="raw",
        container_format="bare",
        tags=["recorded"],
        allow_duplicates=True,
        **{"visibility": "public", **more},
        **({} if data is None else {"data": data}),
    )


def _images(cloud: Any, demo: str) -> dict[str, str]:
    """Images with the tag, the newest last; their ids by name."""
    older = _tagged(cloud, "older", b"1" * 512)
    while True:
        newer = _tagged(cloud, "newer", b"2" * 512)
        if newer.created_at > older.created_at:
            break
        # Glance counts whole seconds.
        cloud.image.delete_image(newer.id)
    empty = _tagged(cloud, "empty", None)
    others = _tagged(
        cloud, "others", b"3" * 512, visibility="private", owner=demo
    )
    return {one.name: one.id for one in (older, newer, empty, others)}


def test_the_newest_active_image_of_ours_with_the_tag_is_taken(
    stage: Stage,
) -> None:
    demo = stage.project("demo")
    images = stage.fact("images", lambda cloud: _images(cloud, demo))
    driver, spec = stage.driver(), stage.spec(image_tag="recorded")
    options = {
        name: value for name, value in spec.options.items() if name != "image"
    }
    spec = created(stage, driver, dataclasses.replace(spec, options=options))
    (body,) = asked(stage, "POST", SERVERS)
    assert body["server"]["imageRef"] == images["newer"]
    stage.gone(driver, spec)

    def remove(cloud: Any) -> None:
        for one in images.values():
            cloud.image.delete_image(one)

    stage.meanwhile(remove)


def test_a_root_volume_is_asked_for(stage: Stage) -> None:
    """The lab has no Cinder: Nova takes the order, and fails."""
    driver = stage.driver()
    spec = created(stage, driver, stage.spec(root_volume_gib=2))
    seen = stage.wait(driver, spec, DeviceState.FAILED)
    assert "olume" in seen.detail
    (body,) = asked(stage, "POST", SERVERS)
    (root,) = body["server"]["block_device_mapping_v2"]
    image = root.pop("uuid")
    assert root == {
        "boot_index": 0,
        "source_type": "image",
        "destination_type": "volume",
        "volume_size": 2,
        "delete_on_termination": True,
    }
    assert body["server"]["imageRef"] == ""
    assert image in {
        one["id"]
        for exchange in stage.tape.exchanges
        if exchange.path.startswith("/image/v2/images")
        for one in exchange.said["images"]
    }
    stage.gone(driver, spec)


def test_a_management_network_that_is_missing_is_said(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    mgmt, ingress = spec.interfaces
    spec = dataclasses.replace(
        spec, interfaces=[dataclasses.replace(mgmt, network="gone"), ingress]
    )
    refused(
        lambda: driver.prepare(spec, stage.ledger),
        PermanentError,
        "network_missing",
        "no network gone",
    )
    assert made(stage) == []


@pytest.fixture
def open_network(stage: Stage) -> Iterator[str]:
    """Name of a network on which servers could reach each other."""

    def make(cloud: Any) -> str:
        network = cloud.network.create_network(
            name="recorded-open",
            project_id=stage.project("service"),
            is_port_security_enabled=False,
        )
        cloud.network.create_subnet(
            network_id=network.id, ip_version=4, cidr="10.98.0.0/24"
        )
        return str(network.id)

    network = stage.fact("open", make)
    yield network
    stage.meanwhile(lambda cloud: cloud.network.delete_network(network))


def test_a_management_network_without_port_security_is_refused(
    stage: Stage, open_network: str
) -> None:
    driver, spec = stage.driver(), stage.spec()
    mgmt, ingress = spec.interfaces
    mgmt = dataclasses.replace(mgmt, network=open_network)
    spec = dataclasses.replace(spec, interfaces=[mgmt, ingress])
    refused(
        lambda: driver.prepare(spec, stage.ledger),
        PermanentError,
        "network_refused",
        "no port security",
    )
    assert made(stage) == []


def test_no_more_servers_are_begun_than_build_rate(stage: Stage) -> None:
    stage.conf.set_override("build_rate", 0.04, group="nova")
    driver = stage.driver()
    spec = created(stage, driver, stage.spec())
    more = dataclasses.replace(
        spec, id="5e3ad2a7-61c5-4d10-8b7c-3c5f0a9f1e11", interfaces=[]
    )
    refused(
        lambda: driver.create(more, stage.ledger),
        TransientError,
        "cloud_unavailable",
        "build_rate",
    )
    assert len(asked(stage, "POST", SERVERS)) == 1
    stage.gone(driver, spec)


def test_of_many_conductors_each_lists_rarely(stage: Stage) -> None:
    driver, spec = stage.driver(), stage.spec()
    driver.share(1000)
    for _ in range(3):
        seen = driver.observe(spec)
        assert seen.state is DeviceState.ABSENT
    lists = [
        one for one in stage.tape.heard if one.path.startswith(SERVERS + "/")
    ]
    assert len(lists) == 1
