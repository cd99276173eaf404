from types import SimpleNamespace

import pytest

from servicevm.drivers.infra.base import DeviceState
from servicevm.drivers.infra.nova.states import Seen, observation, seen


@pytest.mark.parametrize(
    ("status", "task", "state"),
    [
        ("BUILD", "spawning", DeviceState.BUILDING),
        ("REBUILD", None, DeviceState.BUILDING),
        ("REBOOT", "rebooting", DeviceState.BUILDING),
        ("HARD_REBOOT", None, DeviceState.BUILDING),
        ("RESIZE", None, DeviceState.BUILDING),
        ("ACTIVE", None, DeviceState.RUNNING),
        ("ACTIVE", "powering-off", DeviceState.RUNNING),
        ("MIGRATING", "migrating", DeviceState.RUNNING),
        ("VERIFY_RESIZE", None, DeviceState.RUNNING),
        ("UNKNOWN", None, DeviceState.RUNNING),
        ("SHUTOFF", None, DeviceState.STOPPED),
        ("SHUTOFF", "powering-on", DeviceState.BUILDING),
        ("PAUSED", None, DeviceState.STOPPED),
        ("SUSPENDED", None, DeviceState.STOPPED),
        ("SHELVED_OFFLOADED", None, DeviceState.STOPPED),
        ("SHELVED_OFFLOADED", "unshelving", DeviceState.BUILDING),
        ("ERROR", None, DeviceState.FAILED),
        ("ACTIVE", "deleting", DeviceState.STOPPED),
        ("DELETED", None, DeviceState.ABSENT),
        ("SOFT_DELETED", None, DeviceState.ABSENT),
    ],
)
def test_what_is_seen_of_a_server(status, task, state) -> None:
    found = observation(Seen("id", "device", status, task), 0.5)
    assert found.state is state
    assert (found.look_in == 0.5) == (state is DeviceState.BUILDING)
    if state is DeviceState.STOPPED:
        assert found.detail


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("No valid host was found. There are not enough hosts available.",
         "no_valid_host"),
        ("Exceeded maximum number of retries. Exhausted all hosts available "
         "for retrying build failures for instance 1.", "no_valid_host"),
        ("Build of instance 1 aborted: Quota exceeded for ports.",
         "cloud_quota"),
        ("Build of instance 1 aborted: Image 2 is unacceptable: Converted to "
         "raw, but format is now qcow2", "image_unusable"),
        ("Build of instance 1 aborted: Flavor's disk is too small for "
         "requested image.", "flavor_too_small"),
        ("The sky fell down.", "server_failed"),
        ("", "server_failed"),
    ],
)  # fmt: skip
def test_a_fault_has_a_reason_and_novas_own_words(fault, code) -> None:
    found = observation(Seen("id", "device", "ERROR", fault=fault), 1)
    assert found.code == code
    assert fault in found.detail
    assert found.detail


def test_facts_are_of_what_nova_tells() -> None:
    server = SimpleNamespace(
        id="server",
        status="error",
        task_state=None,
        created_at="2026-11-30T11:00:00Z",
        fault={"code": 500, "message": "No valid host was found."},
        metadata={"a": "b"},
        availability_zone="fake",
        flavor={"original_name": "m1.nano"},
        image={"id": "image"},
        compute_host=None,
    )
    found = seen(server, "device")
    assert found.fault == "No valid host was found."
    assert found.facts == {
        "server_id": "server",
        "availability_zone": "fake",
        "flavor": "m1.nano",
        "image": "image",
    }
