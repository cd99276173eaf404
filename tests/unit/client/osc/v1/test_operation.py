import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


@pytest.fixture
def operation(fake: FakeServicevm) -> str:
    device = fake.store.add("devices", {"name": "lb-1"})
    return str(fake.store.begin("devices", device, "create")["id"])


def test_show_has_the_timeline(terminal: Terminal, operation: str) -> None:
    terminal(f"operation show {operation}")
    shown = terminal(f"operation show {operation}").out
    assert "allocate  SUCCEEDED" in shown
    assert " s " in shown
    steps = terminal(f"operation show {operation} -f json").json()["steps"]
    assert [step["name"] for step in steps] == [
        "allocate",
        "boot",
        "wait_agent",
    ]


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ("", 1),
        ("--device lb-1", 1),
        ("--state pending", 1),
        ("--state FAILED", 0),
        ("--action create", 1),
        ("--resource 00000000-0000-4000-8000-000000000000", 0),
    ],
)
def test_list_filters(
    options: str, count: int, terminal: Terminal, operation: str
) -> None:
    found = terminal(f"operation list -f json {options}").json()
    assert len(found) == count


def test_cancel_then_retry(terminal: Terminal, operation: str) -> None:
    cancelled = terminal(f"operation cancel {operation}")
    assert (cancelled.code, cancelled.out) == (0, "")
    assert "CANCELLED" in cancelled.err
    retried = terminal(f"operation retry --wait {operation}")
    assert retried.code == 0
    assert retried.err.endswith(f"operation {operation}: SUCCEEDED\n")


def test_a_retry_that_fails_again_says_so(
    terminal: Terminal, operation: str, fake: FakeServicevm
) -> None:
    fake.store.fail_step = "boot"
    assert terminal(f"operation retry --wait {operation}").code == 7


def test_an_unknown_operation_is_not_found(terminal: Terminal) -> None:
    assert terminal("operation show nothing").code == 3
    assert terminal("operation cancel nothing").code == 3
