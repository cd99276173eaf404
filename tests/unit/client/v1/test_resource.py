import pytest

from servicevmclient.v1 import Device, Operation


def test_attributes_read_what_the_service_sent() -> None:
    device = Device({"id": "d", "name": "lb", "new_key": 1})
    assert (device.id, device.name, device.ref) == ("d", "lb", "d")
    assert device.description is None
    assert device.to_dict() == {"id": "d", "name": "lb", "new_key": 1}
    assert repr(device) == "<Device lb>"


def test_a_resource_is_not_changed_through_its_copy() -> None:
    device = Device({"id": "d"})
    device.to_dict()["id"] = "e"
    assert device.id == "d"


def test_resources_compare_by_what_was_sent() -> None:
    assert Device({"id": "d"}, etag="a") == Device({"id": "d"}, etag="b")
    assert Device({"id": "d"}) != Device({"id": "e"})
    assert Device({"id": "d"}) != Operation({"id": "d"})
    with pytest.raises(TypeError):
        hash(Device({"id": "d"}))


@pytest.mark.parametrize(
    ("steps", "step", "failing"),
    [
        ([{"name": "a", "state": "FAILED"}], "b", "a"),
        ([{"name": "a", "state": "SUCCEEDED"}], "a", "a"),
        ([], "a", None),
        (None, None, None),
    ],
    ids=["failed", "current", "none-begun", "from-a-list"],
)
def test_an_operation_names_its_failing_step(
    steps: object, step: str | None, failing: str | None
) -> None:
    operation = Operation({"id": "o", "steps": steps, "step": step})
    found = operation.failing_step
    assert (found and found["name"]) == failing
