"""One fault at a time, and what users notice of it."""

from servicevmclient.exceptions import ClientError
from servicevmclient.v1.client import Client
from servicevmclient.v1.device import Device
from tests.functional.cluster.conftest import Eventually
from tools.cluster.cluster import Cluster


def build(member: Client, template: str, count: int = 6) -> list[Device]:
    return [
        member.create_device(name=f"d{number}", template_id=template)
        for number in range(count)
    ]


def settle(member: Client, devices: list[Device]) -> None:
    """All of them come up, and go."""
    for device in devices:
        member.wait_for_device(device, timeout=60)
    for device in devices:
        member.delete_device(device.id)
    for device in devices:
        member.wait_for_device_gone(device, timeout=60)


def test_devices_are_built_although_conductors_are_killed(
    cluster: Cluster, member: Client, template: str
) -> None:
    devices = build(member, template)
    cluster.member("conductor", 1).kill()
    cluster.member("conductor", 2).kill()
    settle(member, devices)


def test_who_stood_still_for_longer_than_the_lease_does_no_harm(
    cluster: Cluster, member: Client, template: str
) -> None:
    devices = build(member, template)
    paused = cluster.member("conductor", 1)
    paused.pause()
    for device in devices:
        member.wait_for_device(device, timeout=60)
    paused.resume()
    settle(member, devices)


def test_an_api_that_is_killed_is_not_missed(
    cluster: Cluster, member: Client, template: str
) -> None:
    cluster.member("api", 1).kill()
    devices = build(member, template)
    cluster.member("api", 1).start()
    cluster.member("api", 2).kill()
    settle(member, devices)


def test_work_goes_on_without_the_broker(
    cluster: Cluster,
    member: Client,
    template: str,
    eventually: Eventually,
) -> None:
    cluster.broker.kill()
    devices = build(member, template, 3)
    for device in devices:
        member.wait_for_device(device, timeout=60)
    cluster.broker.start()

    def log() -> bool:
        # Only over the broker can a conductor be asked.
        try:
            return bool(member.get_device_console_log(devices[0].id))
        except ClientError:
            return False

    eventually(log)
    settle(member, devices)


def test_work_goes_on_after_the_database_was_killed(
    cluster: Cluster, member: Client, template: str, eventually: Eventually
) -> None:
    devices = build(member, template)
    cluster.database.kill()
    cluster.database.start()

    def there() -> bool:
        try:
            return bool(list(member.devices()))
        except ClientError:
            return False

    eventually(there)
    settle(member, devices)
