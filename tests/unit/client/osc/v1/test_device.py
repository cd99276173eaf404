import pytest

from servicevmclient.testing import FakeServicevm
from tests.unit.client.conftest import Terminal


@pytest.fixture
def template(fake: FakeServicevm) -> str:
    row = fake.store.add("device_templates", {"name": "small"})
    return str(row["id"])


def test_create_and_wait(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    result = terminal(
        "device create --template small --wait -f json --tag a lb-1"
    )
    assert result.code == 0
    assert result.json()["provisioning_status"] == "ACTIVE"
    assert result.json()["template_id"] == template
    lines = result.err.splitlines()
    assert lines[0].startswith("device lb-1: RUNNING, step boot, ")
    assert lines[-1].startswith("device lb-1: ACTIVE, ")


def test_create_asks_for_addresses(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    command = "device create --template small lb-1 --interface role=ingress"
    made = terminal(f"{command},address=192.0.2.7 -f json")
    assert made.json()["interfaces"] == [
        {"role": "ingress", "address": "192.0.2.7"}
    ]
    assert terminal(f"{command},address=192.0.2.7,mac=a").code == 2


def test_create_asks_for_networks_and_ports(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    made = terminal(
        "device create --template small lb-1 "
        "--interface role=ingress,network=web,subnet=v4 "
        "--interface role=egress,port=mine -f json"
    )
    assert made.json()["interfaces"] == [
        {"role": "ingress", "network": "web", "subnet": "v4"},
        {"role": "egress", "port": "mine"},
    ]


def test_an_interface_is_attached_and_detached(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    terminal("device create --template small --wait lb-1")
    attach = "device interface attach --wait --role ingress lb-1"
    assert terminal(f"{attach} --network web").code == 0
    shown = terminal("device show lb-1 -f json").json()["interfaces"]
    assert [(one["index"], one["network"]) for one in shown] == [(0, "web")]
    detached = terminal("device interface detach lb-1 0")
    assert "device lb-1: operation " in detached.err
    assert not terminal("device show lb-1 -f json").json()["interfaces"]
    assert terminal("device interface detach lb-1 x").code == 2


def test_rebuild_waits_until_the_device_is_up_again(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    terminal("device create --template small --wait lb-1")
    result = terminal("device rebuild --wait lb-1")
    assert result.code == 0
    assert "ACTIVE" in result.err


def test_create_does_not_wait_if_not_told(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    result = terminal("device create --template small lb-1 -f json")
    assert result.json()["provisioning_status"] == "PENDING_CREATE"
    assert result.err == ""
    assert len(fake.requests) == 2


def test_a_failure_ends_the_wait_with_its_cause(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    fake.store.fail_step = "boot"
    fake.store.fail_text = "no space left on device"
    result = terminal("device create --template small --wait lb-1")
    assert result.code == 7
    assert "create of device lb-1 ended as FAILED" in result.err
    assert "In step boot: no space left on device" in result.err
    assert "operation retry" in result.err
    assert "request req-" in result.err
    assert result.out == ""


def test_the_time_to_wait_runs_out(
    terminal: Terminal, fake: FakeServicevm, template: str
) -> None:
    result = terminal("device create --template small --wait 0 lb-1")
    assert result.code == 6
    assert "Error: The time to wait ran out." in result.err


def test_an_unknown_template_is_not_found(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    result = terminal("device create --template nothing lb-1")
    assert result.code == 3
    assert "device template" in result.err
    assert fake.store.rows["devices"] == {}


def test_a_name_that_fits_two_lists_both(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    ids = [fake.store.add("devices", {"name": "lb"})["id"] for _ in range(2)]
    result = terminal("device show lb")
    assert result.code == 5
    assert all(one in result.err for one in ids)


@pytest.mark.parametrize("by", ["id", "name"])
def test_show_takes_one_request(
    by: str, terminal: Terminal, fake: FakeServicevm
) -> None:
    row = fake.store.add("devices", {"name": "lb"})
    assert terminal(f"device show {row[by]}").code == 0
    assert len(fake.requests) == 1


def test_show_is_text_for_people_and_objects_for_programs(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    nic = {"role": "ingress", "index": 0, "address": "10.0.2.15"}
    agent = {"connected": True, "version": "1.0", "certificate": None}
    fake.store.add(
        "devices", {"name": "lb", "interfaces": [nic], "agent": agent}
    )
    shown = terminal("device show lb").out
    assert "role=ingress index=0 address=10.0.2.15" in shown
    assert "| connected" in shown
    found = terminal("device show lb -f json").json()
    assert (found["interfaces"], found["agent"]) == ([nic], agent)
    assert terminal("device show lb -f value -c name").out == "lb\n"
    assert 'name="lb"' in terminal("device show lb -f shell").out
    assert "name: lb" in terminal("device show lb -f yaml").out


@pytest.fixture
def three(fake: FakeServicevm, template: str) -> None:
    for name, tags in (("a", ["x"]), ("b", ["x", "y"]), ("c", [])):
        fake.store.add(
            "devices", {"name": name, "tags": tags, "template_id": template}
        )


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("", "a b c"),
        ("--sort name:desc", "c b a"),
        ("--limit 2", "a b"),
        ("--tags x", "a b"),
        ("--tags x,y", "b"),
        ("--name c", "c"),
        ("--name-prefix b", "b"),
        ("--project fake", "a b c"),
        ("--project other", ""),
        ("--template small", "a b c"),
        ("--provisioning-status active", "a b c"),
        ("--operating-status DEAD", ""),
        ("--sort-column Name --sort-descending", "c b a"),
    ],
)
@pytest.mark.usefixtures("three")
def test_list_filters_orders_and_limits(
    options: str, names: str, terminal: Terminal
) -> None:
    result = terminal(f"device list -f value -c name {options}")
    assert result.out.split() == names.split()
    assert result.err == ""


@pytest.mark.usefixtures("three")
def test_list_takes_one_request(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    assert terminal("device list --long").code == 0
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "options",
    ["--limit 0", "--sort a:b", "--provisioning-status X", "-c Colour"],
)
def test_list_refuses_what_cannot_be_meant(
    options: str, terminal: Terminal
) -> None:
    assert terminal(f"device list {options}").code == 2


@pytest.mark.usefixtures("three")
def test_set_merges_with_what_is_there_at_the_same_moment(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    assert terminal("device set --property k=v --tag z b").code == 0
    row = next(
        r for r in fake.store.rows["devices"].values() if r["name"] == "b"
    )
    assert (row["tags"], row["properties"]) == (["x", "y", "z"], {"k": "v"})
    assert terminal("device unset --property k --tag x b").code == 0
    assert (row["tags"], row["properties"]) == (["y", "z"], {})
    nothing = terminal("device set b")
    assert nothing.code == 2
    assert "nothing to change" in nothing.err


@pytest.mark.usefixtures("three")
def test_delete_of_many_counts_failures(
    terminal: Terminal, fake: FakeServicevm
) -> None:
    result = terminal("device delete --wait a nothing b a")
    assert result.code == 3
    assert "device a: deleted, " in result.err
    assert "device b: deleted, " in result.err
    assert "device nothing: failed" in result.err
    assert result.err.endswith("1 of 3 failed.\n")
    assert result.out == ""
    left = [row["name"] for row in fake.store.rows["devices"].values()]
    assert left == ["c"]


@pytest.mark.usefixtures("three")
def test_delete_names_its_operation_unless_quiet(terminal: Terminal) -> None:
    assert "device a: operation " in terminal("device delete a").err
    assert terminal("-q device delete b").err == ""


@pytest.mark.usefixtures("three")
def test_reboot(terminal: Terminal, fake: FakeServicevm) -> None:
    assert "device a: operation " in terminal("device reboot a").err
    result = terminal("device reboot --hard --wait b")
    assert result.code == 0
    assert "device b: ACTIVE, " in result.err


@pytest.mark.parametrize("noun", ["device", "service"])
def test_those_that_fail_can_be_listed_alone(
    terminal: Terminal, fake: FakeServicevm, noun: str
) -> None:
    plural = f"{noun}s"
    fake.store.add(plural, {"name": "well"})
    fake.store.add(
        plural, {"name": "in-error", "provisioning_status": "ERROR"}
    )
    fake.store.add(plural, {"name": "dead", "operating_status": "DEAD"})
    every = terminal(f"{noun} list -f value -c Name").out.split()
    assert every == ["well", "in-error", "dead"]
    failing = terminal(f"{noun} list --failing -f value -c Name").out.split()
    assert failing == ["in-error", "dead"]
    assert "failing=true" in fake.requests[-1][1]
    found = terminal("summary show -f json").json()
    assert found[f"{plural}_failing"] == 2
