"""apply, diff and export, in the shell and against the real service."""

from pathlib import Path

import pytest

from servicevmclient.exit_codes import ExitCode
from servicevmclient.v1 import Client
from tests.functional.client.serving import (
    client,
    nothing_left,
    succeeds,
    terminal,
    url,
)
from tests.unit.client.conftest import Terminal

__all__ = ["client", "nothing_left", "terminal", "url"]

SHOP = """\
label: shop
templates:
- name: small
  infra_driver: noop
  mgmt_driver: noop
  interfaces:
  - {role: ingress, network: net}
  service_types: [loadbalancer]
  slots: 4
devices:
- name: lb-1
  template: small
  tags: [blue]
services:
- name: web
  device: lb-1
  service_type: loadbalancer
  config:
    listeners:
    - {name: web, protocol: http, port: 80, default_pool: web}
    pools:
    - name: web
      algorithm: round_robin
      members:
      - {name: b1, address: 192.0.2.11, port: 8080}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return path


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def _results(terminal: Terminal, line: str) -> dict[str, str]:
    rows = succeeds(terminal, f"{line} --format json").json()
    return {row["Name"]: row["Result"] for row in rows}


def test_applying_makes_it_and_applying_again_does_nothing(
    terminal: Terminal, client: Client, shop: Path
) -> None:
    line = f"apply -f {shop}"
    assert _results(terminal, f"{line} --dry-run") == {
        "small": "checked",
        "lb-1": "not checked yet",
        "web": "not checked yet",
    }
    assert not [*client.device_templates()]
    made = {"small": "created", "lb-1": "created", "web": "created"}
    assert _results(terminal, f"{line} --wait") == made
    service = client.find_service("web")
    assert service.provisioning_status == "ACTIVE"
    assert service.tags == ["applied:shop"]
    assert client.find_device("lb-1").tags == ["applied:shop", "blue"]
    events = [one.id for one in client.events()]
    again = dict.fromkeys(made, "unchanged")
    assert _results(terminal, f"{line} --wait") == again
    assert [one.id for one in client.events()] == events
    assert terminal(f"diff -f {shop}").code == 0


def test_a_difference_is_shown_and_then_applied(
    terminal: Terminal, client: Client, shop: Path
) -> None:
    succeeds(terminal, f"apply -f {shop} --wait")
    _edit(shop, "port: 8080", "port: 8081")
    _edit(shop, "slots: 4", "slots: 5")
    result = terminal(f"diff -f {shop} --format json")
    assert result.code == 1
    assert result.json() == [
        {
            "Kind": "device template",
            "Name": "small",
            "Action": "update",
            "Field": "slots",
            "Now": 4,
            "Then": 5,
        },
        {
            "Kind": "service",
            "Name": "web",
            "Action": "update",
            "Field": "config.pools[web].members[b1].port",
            "Now": 8080,
            "Then": 8081,
        },
    ]
    assert client.find_service("web").generation == 1
    assert _results(terminal, f"apply -f {shop} --wait") == {
        "small": "updated",
        "lb-1": "unchanged",
        "web": "updated",
    }
    found = client.find_service("web")
    assert found.generation == found.observed_generation == 2
    assert terminal(f"diff -f {shop}").code == 0


def test_what_is_exported_changes_nothing(
    terminal: Terminal, shop: Path, tmp_path: Path
) -> None:
    succeeds(terminal, f"apply -f {shop} --wait")
    for line in ("export", "export --label shop"):
        exported = succeeds(terminal, line).out
        assert terminal("diff -f -", stdin=exported).code == 0, exported
    for noun in ("service", "device"):
        name = {"service": "web", "device": "lb-1"}[noun]
        succeeds(terminal, f"{noun} delete --wait {name}")
    succeeds(terminal, "device template delete small")
    result = terminal("apply -f - --wait --format json", stdin=exported)
    assert {row["Result"] for row in result.json()} == {"created"}
    assert terminal(f"diff -f {shop}").code == 0
    assert succeeds(terminal, "export --label shop").out == exported


def test_pruning_takes_what_has_the_label_and_is_no_longer_said(
    terminal: Terminal, client: Client, shop: Path
) -> None:
    succeeds(terminal, f"apply -f {shop} --wait")
    succeeds(terminal, "device create --template small --wait other")
    shop.write_text(SHOP[: SHOP.index("services:")])
    line = f"apply -f {shop} --prune"
    result = terminal(line)
    assert result.code == ExitCode.USAGE
    assert "1 service" in result.err
    assert "--yes" in result.err
    assert client.find_service("web").provisioning_status == "ACTIVE"
    assert _results(terminal, f"{line} --yes --wait") == {
        "small": "unchanged",
        "lb-1": "unchanged",
        "web": "deleted",
    }
    assert not [*client.services()]
    shop.write_text("label: shop\n")
    result = terminal(f"{line} --yes --wait")
    # The template is in use by a device that is nobody's.
    assert result.code == ExitCode.CONFLICT
    assert "1 of 2 failed" in result.err
    assert [one.name for one in client.devices()] == ["other"]
    succeeds(terminal, "device delete --wait other")
    assert _results(terminal, f"{line} --yes") == {"small": "deleted"}


def test_a_manifest_without_a_label_prunes_nothing(
    terminal: Terminal, shop: Path
) -> None:
    _edit(shop, "label: shop\n", "")
    result = terminal(f"apply -f {shop} --prune --yes")
    assert result.code == ExitCode.USAGE
    assert "label" in result.err


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("template: small", "template: none", 3, "'none'"),
        ("slots: 4", "slots: four", 2, "$.templates[0].slots"),
        ("slots: 4", "slots: 1001", 1, "slots"),
        ("slots: 4", "colour: red", 2, "$.templates[0].colour"),
        ("port: 80,", "port: 80000,", 2, "$.services[0].config.listeners"),
        ("infra_driver: noop", "infra_driver: none", 1, "infra_driver"),
    ],
)
def test_one_mistake_and_nothing_is_done(
    old: str,
    new: str,
    code: int,
    words: str,
    terminal: Terminal,
    client: Client,
    shop: Path,
) -> None:
    _edit(shop, old, new)
    result = terminal(f"apply -f {shop}")
    assert result.code == code, result.err
    assert words in result.err
    assert not [*client.device_templates()]
    assert terminal(f"diff -f {shop}").code == 2


def test_what_only_the_service_refuses_keeps_nothing_else_from_being_made(
    terminal: Terminal, client: Client, shop: Path
) -> None:
    # It is asked once there is a device.
    _edit(shop, "default_pool: web", "default_pool: x")
    result = terminal(f"apply -f {shop} --format json")
    assert result.code == ExitCode.ERROR
    assert "1 of 3 failed" in result.err
    assert "default_pool" in result.err
    assert [row["Result"] for row in result.json()] == [
        "created",
        "created",
        "failed",
    ]
    assert not [*client.services()]


def test_what_a_device_wished_for_is_exported_without_its_template(
    terminal: Terminal,
) -> None:
    succeeds(
        terminal,
        "device template create --infra-driver noop --mgmt-driver noop "
        "--interface role=ingress open",
    )
    succeeds(
        terminal,
        "device create --template open --interface role=ingress,network=n1 "
        "--tag applied:shop --wait lb-1",
    )
    exported = succeeds(terminal, "export --label shop").out
    assert "templates:" not in exported
    assert "network: n1" in exported
    assert terminal("diff -f -", stdin=exported).code == 0


def test_what_is_chosen_once_is_not_changed(
    terminal: Terminal, shop: Path
) -> None:
    succeeds(terminal, f"apply -f {shop} --wait")
    other = shop.read_text().replace("name: small", "name: large", 1)
    shop.write_text(other.replace("template: small", "template: large"))
    result = terminal(f"apply -f {shop}")
    assert result.code == ExitCode.USAGE
    assert "$.devices[0].template" in result.err
    assert "It is small" in result.err


def test_a_name_of_two_is_refused_with_both_ids(
    terminal: Terminal, client: Client, shop: Path
) -> None:
    succeeds(terminal, f"apply -f {shop} --wait")
    succeeds(terminal, "device create --template small --wait lb-1")
    result = terminal(f"apply -f {shop}")
    assert result.code == ExitCode.CONFLICT
    for one in client.devices():
        assert one.id in result.err


def test_nobody_is_overrun_who_changed_it_since_the_plan(
    client: Client, terminal: Terminal, shop: Path
) -> None:
    import yaml

    succeeds(terminal, f"apply -f {shop} --wait")
    document = yaml.safe_load(SHOP)
    document["devices"][0]["description"] = "ours"
    plan = client.plan(document)
    succeeds(terminal, "device set --description theirs lb-1")
    errors = [one.error for one in client.carry_out(plan) if one.error]
    assert [one.code for one in errors] == ["precondition_failed"]
    assert client.find_device("lb-1").description == "theirs"
