"""Command lines, as the command line itself reads them."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servicevm_dashboard import terminal
from servicevmclient import shell
from servicevmclient.testing import FakeServicevm

PROGRAM = ("servicevm",)

AWKWARD = [
    "lb1",
    "it's",
    '"quoted" $HOME `id` \\',
    "-dash",
    "--template",
    "ü 日本 ☃",
    "a\nb",
    "!history; rm -rf /",
]


#: Writes down how a shell called it.
CATCHER = """#!{python}
import json, pathlib, sys
call = [sys.argv[1:], sys.stdin.read()]
pathlib.Path({path!r}).write_text(json.dumps(call))
"""


@pytest.fixture
def run(
    service: FakeServicevm, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[str], int]:
    """Have a real shell read the lines, and our own program what it reads."""
    monkeypatch.setenv("OS_ENDPOINT", service.url)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    caught, catcher = tmp_path / "caught", tmp_path / "servicevm"
    catcher.write_text(CATCHER.format(python=sys.executable, path=str(caught)))
    catcher.chmod(0o700)

    def run(text: str) -> int:
        subprocess.run(
            ["sh", "-c", text],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            timeout=30,
            check=True,
        )
        words, document = json.loads(caught.read_text())
        return shell.main(words, stdin=io.StringIO(document))

    return run


@pytest.mark.parametrize("name", AWKWARD)
def test_the_line_makes_the_device_that_the_form_makes(
    service: FakeServicevm, run: Callable[[str], int], name: str
) -> None:
    template = service.store.add("device_templates", {"name": "lb"})
    wanted = {
        "name": name,
        "description": name,
        "tags": ["a", name.replace(",", "")],
        "properties": {"rack": name, "x.y": "1=2"},
        "template_id": template["id"],
        "interfaces": [
            {"role": "ingress", "address": "192.0.2.9"},
            {"role": "egress", "address": "2001:db8::9"},
        ],
    }
    line = terminal.create_device("lb", wanted, PROGRAM)
    assert run(line) == 0
    (made,) = service.store.rows["devices"].values()
    assert {key: made[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", AWKWARD)
def test_the_lines_make_the_service_that_the_form_makes(
    service: FakeServicevm, run: Callable[[str], int], name: str
) -> None:
    device = service.store.add("devices", {"name": "lb 1"})
    schema: dict[str, Any] = {"type": "object"}
    service.store.add(
        "service_types", {"name": "loadbalancer", "config_schema": schema}
    )
    config = {
        "text": name,
        "like a number": "1e3",
        "like a flag": "on",
        "number": 1,
        "none": None,
        "list": [True, {"EOF": "EOF"}],
    }
    wanted = {
        "name": name,
        "device_id": device["id"],
        "service_type": "loadbalancer",
        "config": config,
    }
    line = terminal.create_service("lb 1", wanted, PROGRAM)
    assert run(line) == 0
    (made,) = service.store.rows["services"].values()
    assert {key: made[key] for key in wanted} == wanted


@pytest.mark.parametrize("name", AWKWARD)
def test_the_line_changes_what_the_form_changes_and_nothing_else(
    service: FakeServicevm, run: Callable[[str], int], name: str
) -> None:
    before = {
        "name": "lb1",
        "description": "old",
        "tags": ["old"],
        "properties": {"old": "1"},
    }
    device = service.store.add("devices", {**before})
    wholly: dict[str, Any] = {
        "name": name,
        "description": "",
        "tags": ["a", name.replace(",", "")],
        "properties": {"rack": name},
    }
    for key, value in wholly.items():
        line = terminal.change("device", device["id"], {key: value}, PROGRAM)
        assert run(line) == 0
        assert {one: device[one] for one in before} == {
            **before,
            key: value,
        }
        device |= before
    for changes in (wholly, {"tags": [], "properties": {}}):
        line = terminal.change("device", device["id"], changes, PROGRAM)
        assert run(line) == 0
        assert device.items() >= changes.items()


def test_the_lines_give_a_service_the_config_of_the_form(
    service: FakeServicevm, run: Callable[[str], int]
) -> None:
    schema: dict[str, Any] = {"type": "object"}
    service.store.add(
        "service_types", {"name": "loadbalancer", "config_schema": schema}
    )
    row = service.store.add(
        "services",
        {"name": "web", "service_type": "loadbalancer", "config": {"a": 1}},
    )
    changes = {"config": {"b": "1e3"}, "description": "new"}
    assert run(terminal.change("service", row["id"], changes, PROGRAM)) == 0
    assert {key: row[key] for key in changes} == changes


def test_of_no_change_there_is_no_line() -> None:
    assert terminal.change("device", "d1", {}) == ""


@pytest.mark.parametrize("name", AWKWARD)
def test_the_lines_plug_and_unplug_what_the_pages_do(
    service: FakeServicevm, run: Callable[[str], int], name: str
) -> None:
    device = service.store.add("devices", {"name": name})
    wishes = {"role": "ingress", "network": "n1", "address": "2001:db8::9"}
    assert run(terminal.attach_interface(name, wishes, PROGRAM)) == 0
    (plugged,) = device["interfaces"]
    assert plugged.items() >= wishes.items()
    assert run(terminal.detach_interface(name, 0, PROGRAM)) == 0
    assert device["interfaces"] == []


def test_a_line_is_not_wider_than_a_terminal() -> None:
    line = terminal.create_device(
        "lb", {"name": "n", "tags": [f"tag-{one}" for one in range(30)]}
    )
    assert line.startswith("openstack servicevm device create --template lb")
    assert all(len(one) <= 80 for one in line.splitlines())
