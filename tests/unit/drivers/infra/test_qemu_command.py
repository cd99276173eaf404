import dataclasses
import json
from pathlib import Path

import pytest

from servicevm.drivers.infra import qemu_command, user_network
from servicevm.drivers.infra.device_folder import DeviceFolder

FOLDER = DeviceFolder(Path("/var/lib/servicevm/devices/x"))
MACHINE = qemu_command.Machine(
    binary="/usr/bin/qemu-system-x86_64",
    device_id="11111111-2222-3333-4444-555555555555",
    folder=FOLDER,
    memory_mib=192,
    vcpus=2,
    accelerator="tcg",
    agent_socket="/run/a,b.sock",
    qmp=7,
    nics=[
        qemu_command.Nic(
            user_network.NETDEV,
            "52:54:00:00:00:01",
            user_network.netdev("/py", "/egress.py", "/e.json"),
        )
    ],
    spawns=True,
)


def values(argv: list[str], option: str) -> list[str]:
    return [
        argv[at + 1] for at, word in enumerate(argv[:-1]) if word == option
    ]


def devices(argv: list[str]) -> dict[str, dict[str, object]]:
    found = [json.loads(v) for v in values(argv, "-device") if v[0] == "{"]
    return {one.get("drive") or one["netdev"]: one for one in found}


def test_memory_processors_and_identity_are_those_of_the_machine() -> None:
    argv = qemu_command.render(MACHINE)
    assert values(argv, "-m") == ["192"]
    assert values(argv, "-smp") == ["2"]
    assert values(argv, "-uuid") == [MACHINE.device_id]


def test_a_comma_in_a_path_stays_inside_its_option() -> None:
    argv = qemu_command.render(MACHINE)
    (agent,) = [v for v in values(argv, "-chardev") if "id=agent" in v]
    assert "path=/run/a,,b.sock,reconnect=1" in agent


def test_without_a_relay_socket_the_port_leads_nowhere() -> None:
    machine = dataclasses.replace(MACHINE, agent_socket="")
    assert "null,id=agent" in values(qemu_command.render(machine), "-chardev")


def test_disks_are_found_by_serial_and_the_root_comes_first() -> None:
    found = devices(qemu_command.render(MACHINE))
    assert found["config"]["serial"] == "config-2"
    assert found["state"]["serial"] == "svm-state"
    assert (
        min(found.values(), key=lambda one: int(str(one["addr"]), 16))
        == (found["root"])
    )


def test_only_the_state_disk_can_be_written() -> None:
    argv = qemu_command.render(MACHINE)
    disks = [json.loads(value) for value in values(argv, "-blockdev")]
    assert {disk["node-name"]: disk["read-only"] for disk in disks} == {
        "root": True,
        "state": False,
        "config": True,
    }


@pytest.mark.parametrize(
    ("spawns", "word"), [(True, "spawn=allow"), (False, "spawn=deny")]
)
def test_processes_are_denied_where_none_is_needed(
    spawns: bool, word: str
) -> None:
    machine = dataclasses.replace(MACHINE, spawns=spawns)
    (sandbox,) = values(qemu_command.render(machine), "-sandbox")
    assert word in sandbox.split(",")


def test_the_user_network_is_closed_but_for_the_proxy() -> None:
    (netdev,) = values(qemu_command.render(MACHINE), "-netdev")
    assert "restrict=on" in netdev.split(",")
    assert "guestfwd=tcp:10.0.2.100:1080-cmd:/py -I -S -E" in netdev


@pytest.mark.parametrize(
    ("accelerator", "expected"),
    [("kvm", "kvm"), ("tcg", "tcg,tb-size=64")],
)
def test_the_accelerator_is_the_one_chosen(
    accelerator: str, expected: str
) -> None:
    machine = dataclasses.replace(MACHINE, accelerator=accelerator)
    argv = qemu_command.render(machine)
    assert values(argv, "-accel") == [expected]
    assert ("mitigations=off" in values(argv, "-append")[0]) == (
        accelerator == "tcg"
    )
