from typing import Any

import pytest

from servicevmclient import exceptions, v1
from servicevmclient.testing import FakeServicevm
from servicevmclient.v1 import Client, Device, Page
from tests.unit.client.conftest import client_of


def test_the_public_names_are_these() -> None:
    assert v1.__all__ == [
        "Api",
        "Breaker",
        "Client",
        "Conductor",
        "Device",
        "DeviceTemplate",
        "Driver",
        "Event",
        "Explanation",
        "Hold",
        "Operation",
        "Overview",
        "Page",
        "Progress",
        "Quota",
        "Relay",
        "RelayGroup",
        "Sentence",
        "Service",
        "ServiceType",
        "Summary",
        "Usage",
        "UsageResource",
    ]
    for name in v1.__all__:
        assert getattr(v1, name).__name__ == name
    with pytest.raises(AttributeError):
        v1.Nothing  # noqa: B018


def test_a_device_from_creation_to_deletion(client: Client) -> None:
    device = client.create_device(name="lb", template_id="t")
    assert device.provisioning_status == "PENDING_CREATE"
    device = client.wait_for_device(device, interval=0.01)
    assert device.provisioning_status == "ACTIVE"
    device = client.update_device(
        device.id, description="x", if_match=device.etag
    )
    assert device.description == "x"
    operation_id = client.delete_device(device.id)
    assert operation_id is not None
    client.wait_for_operation(operation_id, interval=0.01)
    client.wait_for_device_gone(device, interval=0.01)
    with pytest.raises(exceptions.NotFound):
        client.get_device(device.id)


def test_a_stale_etag_is_refused(client: Client) -> None:
    made = client.create_device_template(name="small")
    client.update_device_template(made.id, slots=2)
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_device_template(made.id, slots=3, if_match=made.etag)
    assert client.get_device_template(made.id).slots == 2


def test_find_takes_an_id_or_a_name(
    client: Client, fake: FakeServicevm
) -> None:
    made = client.create_device(name="lb")
    for ref, most in ((made.id, 1), ("lb", 1)):
        fake.requests.clear()
        found = client.find_device(ref)
        assert found is not None
        assert found.id == made.id
        assert len(fake.requests) == most


def test_a_name_that_looks_like_an_id_is_found(client: Client) -> None:
    name = "6f1b2c1e-0000-4000-8000-000000000000"
    made = client.create_device(name=name)
    found = client.find_device(name)
    assert found is not None
    assert found.id == made.id


def test_a_name_that_fits_two_lists_both_ids(client: Client) -> None:
    ids = {client.create_device(name="lb").id for _ in range(2)}
    with pytest.raises(exceptions.MultipleMatches) as caught:
        client.find_device("lb", ignore_missing=True)
    assert set(caught.value.ids) == ids
    assert all(one in str(caught.value) for one in ids)


def test_find_may_be_told_not_to_mind(client: Client) -> None:
    assert client.find_device("no", ignore_missing=True) is None
    assert client.find_service_type("no", ignore_missing=True) is None
    with pytest.raises(exceptions.NotFound):
        client.find_device("no")


def test_lists_page_and_filter(client: Client, fake: FakeServicevm) -> None:
    for number in range(5):
        client.create_device(name=f"lb-{number}", tags=["even"][number % 2 :])
    fake.requests.clear()
    assert len(list(client.devices(limit=2))) == 5
    assert len(fake.requests) == 3
    assert [d.name for d in client.devices(tags="even")] == [
        "lb-0",
        "lb-2",
        "lb-4",
    ]
    assert [d.name for d in client.devices(sort="name:desc", max_items=1)] == [
        "lb-4"
    ]


def _names(page: Page[Device]) -> list[str]:
    return [one.name for one in page.items]


def test_a_page_is_one_request_and_knows_its_neighbours(
    client: Client, fake: FakeServicevm
) -> None:
    for number in range(5):
        client.create_device(name=f"lb-{number}")
    query: dict[str, Any] = {"limit": 2, "sort": "name:asc"}
    fake.requests.clear()
    first = client.page(Device, **query)
    assert len(fake.requests) == 1
    assert _names(first) == ["lb-0", "lb-1"]
    assert first.previous_marker is None
    second = client.page(Device, marker=first.next_marker, **query)
    assert _names(second) == ["lb-2", "lb-3"]
    assert second.previous_marker == ""
    third = client.page(Device, marker=second.next_marker, **query)
    assert _names(third) == ["lb-4"]
    assert third.next_marker is None
    back = client.page(Device, marker=third.previous_marker, **query)
    assert back == second
    again = client.page(Device, marker=second.previous_marker, **query)
    assert again == first
    assert len(fake.requests) == 5


def test_a_page_keeps_its_filters(client: Client) -> None:
    for number in range(6):
        client.create_device(name=f"lb-{number}", tags=["even"][number % 2 :])
    query: dict[str, Any] = {"limit": 2, "tags": "even"}
    first = client.page(Device, marker="", **query)
    assert _names(first) == ["lb-0", "lb-2"]
    second = client.page(Device, marker=first.next_marker, **query)
    assert _names(second) == ["lb-4"]


def test_a_page_after_what_is_not_there_is_refused(client: Client) -> None:
    with pytest.raises(exceptions.BadRequest) as caught:
        client.page(Device, limit=2, marker="nothing")
    assert "marker" in caught.value.fields


def test_an_operation_can_be_cancelled_and_retried(client: Client) -> None:
    device = client.create_device(name="lb")
    assert device.operation_id is not None
    assert client.cancel_operation(device.operation_id).state == "CANCELLED"
    with pytest.raises(exceptions.ResourceFailed):
        client.wait_for_device(device)
    client.retry_operation(device.operation_id)
    client.wait_for_device(device, interval=0.01)


def test_service_calls(client: Client, fake: FakeServicevm) -> None:
    device = client.create_device(name="lb")
    service = client.create_service(
        name="web", device_id=device.id, service_type="loadbalancer"
    )
    client.wait_for_service(service, interval=0.01)
    fake.store.rows["services"][service.id]["stats"] = {"listeners": []}
    assert client.get_service_stats(service.id) == {"listeners": []}
    assert client.do_service_action(service.id, "stats", {}) == {
        "listeners": []
    }
    assert client.get_device_console_log(device.id) == "Booting lb\n"
    assert client.find_service_type("loadbalancer") is not None
    assert list(client.events()) == []
    assert {o.resource_id for o in client.operations()} == {
        device.id,
        service.id,
    }
    reason = client.reboot_device(device.id, hard=True)
    assert reason.provisioning_status == "PENDING_UPDATE"


def test_the_summary_counts_what_is_there(
    client: Client, fake: FakeServicevm
) -> None:
    template = client.create_device_template(name="small")
    device = client.create_device(name="lb", template_id=template.id)
    client.create_service(
        name="web", device_id=device.id, service_type="loadbalancer"
    )
    fake.requests.clear()
    found = client.get_summary()
    assert len(fake.requests) == 1
    assert found["devices"]["total"] == 1
    assert found["devices"]["provisioning_status"]["PENDING_CREATE"] == 1
    assert found["devices"]["operating_status"]["DEAD"] == 0
    assert found["devices"]["templates"] == [
        {"id": template.id, "name": "small", "count": 1}
    ]
    assert found["services"]["service_types"] == {"loadbalancer": 1}
    assert found["operations"]["PENDING"] == 2
    assert client.get_summary(project_id="p")["devices"]["total"] == 0
    assert client.get_summary(all_projects=True) == found


def test_drivers_are_listed_by_kind(
    client: Client, fake: FakeServicevm
) -> None:
    assert [(one.name, one.kind) for one in client.drivers()] == [
        ("noop", "infra"),
        ("noop", "mgmt"),
    ]
    (found,) = client.drivers(kind="infra")
    assert found.options_schema["type"] == "object"


def test_credentials_that_are_wrong_are_told(tmp_path: Any) -> None:
    with FakeServicevm(username="u", password="p") as fake:
        with pytest.raises(exceptions.AuthenticationFailed) as caught:
            client_of(fake.url).get_device("x")
    assert caught.value.status == 401
    assert caught.value.request_id


def test_processes_are_listed_and_a_relay_is_drained(
    client: Client, fake: FakeServicevm
) -> None:
    for name, alive in (("r1", True), ("r2", False)):
        fake.store.add("relays", {"name": name, "alive": alive})
    fake.store.add("conductors", {"name": "c1"})
    fake.store.add("apis", {"name": "a1"})
    assert [one.name for one in client.conductors()] == ["c1"]
    assert [one.name for one in client.apis()] == ["a1"]
    assert [one.name for one in client.relays(alive=True)] == ["r1"]
    found = client.find_relay("r1")
    relay = client.get_relay(found.id)
    assert not relay.draining
    drained = client.update_relay(relay.id, draining=True, if_match=relay.etag)
    assert drained.draining
    with pytest.raises(exceptions.PreconditionFailed):
        client.update_relay(relay.id, draining=False, if_match=relay.etag)
    assert client.find_relay("r9", ignore_missing=True) is None


def test_a_hold_is_set_renewed_and_unset(client: Client) -> None:
    made = client.set_hold(project_id="p1", reason="one")
    assert client.get_hold(made.id) == made
    renewed = client.set_hold(
        project_id="p1", reason="two", expires_at="2999-01-01T00:00:00Z"
    )
    assert renewed.id == made.id
    assert [one.reason for one in client.holds(scope="project")] == ["two"]
    with pytest.raises(exceptions.PreconditionFailed):
        client.unset_hold(made.id, if_match=made.etag)
    client.unset_hold(made.id, if_match=renewed.etag)
    assert not list(client.holds())


def test_a_relay_group_is_found_by_its_name_and_unbound(
    client: Client,
) -> None:
    made = client.create_relay_group("blue", project_id="p1")
    assert client.get_relay_group("blue") == made
    assert client.find_relay_group("red", ignore_missing=True) is None
    assert [one.name for one in client.relay_groups(project_id="p1")] == [
        "blue"
    ]
    changed = client.update_relay_group(
        "blue", project_id=None, if_match=made.etag
    )
    assert changed.project_id is None
    with pytest.raises(exceptions.PreconditionFailed):
        client.delete_relay_group("blue", if_match=made.etag)
    client.delete_relay_group("blue")
    with pytest.raises(exceptions.NotFound):
        client.find_relay_group("blue")


def test_the_fake_refuses_once_what_it_is_told_to(
    fake: FakeServicevm, client: Client
) -> None:
    fields = {"$.device.name": "It is taken."}
    fake.refuse_next(
        "POST", "/v1/devices", 400, "invalid_field", "No.", fields
    )
    with pytest.raises(exceptions.BadRequest) as refused:
        client.create_device(name="lb", template_id="t")
    assert refused.value.fields == fields
    assert client.create_device(name="lb", template_id="t").name == "lb"
