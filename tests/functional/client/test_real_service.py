"""SDK and shell against the real API and conductor, with noop drivers.

What the fake of ``servicevmclient.testing`` promises must hold here as well.
"""

import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import api as db
from servicevm.db import models
from servicevmclient import exceptions
from servicevmclient.application import Lazy
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc._commands import COMMANDS
from servicevmclient.v1 import (
    Api,
    Client,
    Conductor,
    Device,
    DeviceTemplate,
    Driver,
    Event,
    Hold,
    Operation,
    Page,
    Quota,
    Relay,
    RelayGroup,
    Service,
    ServiceType,
    Usage,
    UsageResource,
)
from servicevmclient.v1._resource import Resource
from tests.functional.client.serving import (
    CONFIG,
    TEMPLATE,
    build,
    client,
    nothing_left,
    succeeds,
    terminal,
    url,
)
from tests.unit.client.conftest import Terminal

__all__ = ["client", "nothing_left", "terminal", "url"]


def test_the_main_job(terminal: Terminal, client: Client) -> None:
    build(terminal)
    service = terminal("service show web -f json").json()
    assert service["provisioning_status"] == "ACTIVE"
    shown = terminal(f"operation show {service['operation_id']}").out
    assert "wait_applied" in shown
    assert terminal("device list --long -f json").json()[0]["Name"] == "lb-1"
    assert terminal("event list --device lb-1 -f json").json()
    found = client.find_device("lb-1")
    assert found is not None
    assert [s.name for s in client.services(device_id=found.id)] == ["web"]
    config = CONFIG.replace("8080", "8081")
    succeeds(terminal, "service set --config - --wait web", config)
    changed = client.find_service("web")
    assert changed is not None
    assert changed.generation == changed.observed_generation == 2
    assert "8081" in str(changed.config)


def test_answers_have_the_declared_fields_and_no_others(
    terminal: Terminal, client: Client
) -> None:
    build(terminal)
    client.create_relay_group("blue", project_id="p1")
    found: list[Resource] = [
        *client.device_templates(),
        *client.devices(),
        *client.services(),
        *client.service_types(),
        *client.drivers(),
        *(client.get_operation(one.id) for one in client.operations()),
        *client.events(max_items=3),
        *client.quotas(),
        *client.conductors(),
        *client.relays(),
        *client.relay_groups(),
        client.set_hold(everything=True, reason="x"),
        *client.apis(),
        *client.usage(),
        *client.usage_resources(),
    ]
    assert {type(one) for one in found} == {
        Api,
        Conductor,
        Device,
        DeviceTemplate,
        Driver,
        Event,
        Hold,
        Operation,
        Quota,
        Relay,
        RelayGroup,
        Service,
        ServiceType,
        Usage,
        UsageResource,
    }
    for one in found:
        assert sorted(one.to_dict()) == sorted(one.fields)
    client.delete_relay_group("blue")
    (hold,) = client.holds()
    client.unset_hold(hold.id)


def test_events_are_followed_from_a_marker(
    terminal: Terminal, client: Client
) -> None:
    build(terminal)
    first = next(client.events())
    followed = client.follow_events(marker=first.id, timeout=30)
    succeeds(terminal, "device set --description x lb-1")
    succeeds(terminal, "device reboot --wait lb-1")
    found = [next(followed)]
    while found[-1].type != "operation.succeeded":
        found.append(next(followed))
    listed = [
        event.id for event in client.events(sort="at:asc", marker=first.id)
    ]
    assert [event.id for event in found] == listed[: len(found)]


def test_a_quota_is_shown_set_and_holds(terminal: Terminal) -> None:
    build(terminal)
    rows = terminal("quota show -f json").json()
    assert {"Quota": "devices", "Limit": 10, "In Use": 1} in rows
    succeeds(terminal, "quota set --devices 1 default")
    refused = terminal("device create --template small lb-2")
    assert refused.code == ExitCode.AUTH
    assert "Quota devices: the limit is 1, 1 in use" in refused.err
    succeeds(terminal, "quota delete default")
    assert terminal("quota list -f json").json()[0]["Devices"] == {
        "limit": 10,
        "in_use": 1,
    }


def test_a_dry_run_shows_what_a_device_would_be_and_makes_none(
    terminal: Terminal, client: Client
) -> None:
    build(terminal)
    found = succeeds(
        terminal,
        "device create --template small --dry-run --wait lb-2 -f json",
    ).json()
    assert found["name"] == "lb-2"
    assert "id" not in found
    assert found["interfaces"][0]["network"] == "net"
    assert found["infra_driver"] == "noop"
    assert found["quota"] == [
        {"quota": "devices", "takes": 1, "limit": 10, "in_use": 1},
        {"quota": "vcpus", "takes": 0, "limit": 20, "in_use": 0},
        {"quota": "ram", "takes": 0, "limit": 51200, "in_use": 0},
    ]
    assert [one.name for one in client.devices()] == ["lb-1"]
    refused = terminal(
        "service create --device lb-1 --type loadbalancer --config - "
        "--dry-run other",
        stdin=CONFIG,
    )
    assert refused.code == ExitCode.CONFLICT
    assert "port" in refused.err


def test_pages_etags_and_idempotency(client: Client) -> None:
    for number in range(5):
        client.create_device_template(
            name=f"t{number}",
            infra_driver="noop",
            interfaces=[{"role": "ingress", "network": "net"}],
            tags=["even"][number % 2 :],
        )
    assert len(list(client.device_templates(limit=2))) == 5
    names = [t.name for t in client.device_templates(tags="even")]
    assert names == ["t0", "t2", "t4"]
    found = client.find_device_template("t1")
    assert found is not None
    read = client.get_device_template(found.id)
    client.update_device_template(read.id, slots=2, if_match=read.etag)
    with pytest.raises(exceptions.PreconditionFailed) as caught:
        client.update_device_template(read.id, slots=3, if_match=read.etag)
    assert caught.value.request_id
    body = {
        "name": "once",
        "infra_driver": "noop",
        "interfaces": [{"role": "ingress", "network": "net"}],
    }
    made = {
        client._adapter.json(
            "POST",
            DeviceTemplate.path,
            body={"device_template": body},
            headers={"Idempotency-Key": "k1"},
        )["device_template"]["id"]
        for _ in range(2)
    }
    assert len(made) == 1


def test_a_page_leads_to_those_beside_it(client: Client) -> None:
    for number in range(5):
        client.create_device_template(
            name=f"t{number}",
            infra_driver="noop",
            interfaces=[{"role": "ingress", "network": "net"}],
        )
    pages: list[Page[DeviceTemplate]] = []
    marker: str | None = None
    while marker is not None or not pages:
        pages.append(
            client.page(DeviceTemplate, limit=2, sort="name", marker=marker)
        )
        marker = pages[-1].next_marker
    assert [[one.name for one in page.items] for page in pages] == [
        ["t0", "t1"],
        ["t2", "t3"],
        ["t4"],
    ]
    assert pages[0].previous_marker is None
    assert pages[1].previous_marker == ""
    back = client.page(
        DeviceTemplate,
        limit=2,
        sort="name",
        marker=pages[2].previous_marker,
    )
    assert back.items == pages[1].items


@pytest.mark.parametrize(
    ("line", "code", "words"),
    [
        ("device show nothing", 3, "no device"),
        ("device create --template nothing x", 3, "device template"),
        ("device list --marker nothing", 1, "marker"),
        ("device list --sort colour", 1, "created_at"),
        ("device set --property 'a b=c' lb-1", 1, "properties"),
        ("device template delete small", 5, "in use"),
        ("service stats show nothing", 3, "service"),
    ],
)
def test_refusals_keep_their_words(
    line: str, code: int, words: str, terminal: Terminal
) -> None:
    succeeds(terminal, TEMPLATE)
    succeeds(terminal, "device create --template small lb-1")
    result = terminal(line)
    assert result.code == code, result.err
    assert words in result.err.lower()
    assert "Traceback" not in result.err


def test_a_configuration_that_only_the_service_can_refuse(
    terminal: Terminal,
) -> None:
    build(terminal)
    config = CONFIG.replace("default_pool: web", "default_pool: other")
    result = terminal("service set --config - web", stdin=config)
    assert result.code == 1
    assert "$.service.config.listeners[0].default_pool" in result.err
    assert "request req-" in result.err


#: Templates of devices whose agent never calls; the first gives up soon.
LOST = TEMPLATE.replace(" small", " --mgmt-option unreachable=true lost")
NEVER = LOST.replace(" lost", " --first-contact-timeout 1 never")

#: Example by example, with what it needs before it.
STORY = (
    ("device template create", ()),
    ("device template list", ()),
    ("device template show", ()),
    ("device template set", ()),
    ("device template unset", ()),
    ("device template delete", ()),
    ("device create", (TEMPLATE,)),
    ("device list", ()),
    ("device show", ()),
    ("device explain", ()),
    ("device set", ()),
    ("device unset", ()),
    ("device reboot", ()),
    ("device console log show", ()),
    ("service create", ()),
    ("device rebuild", ()),
    ("device heal", ()),
    ("device interface attach", ()),
    ("device interface detach", ()),
    ("service list", ()),
    ("service show", ()),
    ("service set", ()),
    ("service unset", ()),
    ("service stats show", ()),
    ("service type list", ()),
    ("service type show", ()),
    ("breaker list", ()),
    ("breaker show", ()),
    ("breaker release", ()),
    ("driver list", ()),
    ("driver show", ()),
    ("event list", ()),
    ("conductor list", ()),
    ("conductor show", ()),
    ("relay list", ()),
    ("relay show", ()),
    ("relay set", ()),
    ("relay group create", ()),
    ("relay group list", ()),
    ("relay group show", ()),
    ("relay group set", ()),
    ("relay group unset", ()),
    ("relay group delete", ()),
    ("hold set", ()),
    ("hold list", ()),
    ("hold show", ()),
    ("hold unset", ()),
    ("api list", ()),
    ("summary show", ()),
    ("status", ()),
    ("quota list", ()),
    ("quota show", ()),
    ("quota set", ()),
    ("quota unset", ()),
    ("quota delete", ()),
    ("usage list", ()),
    ("usage show", ()),
    ("usage resource list", ()),
    ("operation list", ()),
    ("operation show", ()),
    ("service delete", ()),
    ("device delete", ()),
    ("operation cancel", (LOST, "device create --template lost lb-1")),
    (
        "operation retry",
        (
            "device delete --wait lb-1",
            NEVER,
            "device create --template never --wait lb-1",
        ),
    ),
    ("diff", ()),
    ("apply", ()),
    ("export", ()),
)
#: how the last device's creation ends, each time it is tried; and that
#: there is a difference
NOT_ZERO = {"operation retry": ExitCode.RESOURCE_FAILED, "diff": 1}

#: A manifest, with names of its own.
SHOP = """
label: shop
templates:
- name: shop
  infra_driver: noop
  mgmt_driver: noop
  interfaces: [{role: ingress, network: net}]
  service_types: [loadbalancer]
devices:
- {name: shop-1, template: shop}
services:
- name: shop
  device: shop-1
  service_type: loadbalancer
  config:
""" + textwrap.indent(CONFIG, "    ")


def _lose(session: orm.Session) -> None:
    session.execute(sa.update(models.Device).values(operating_status="DEAD"))


def _trip(session: orm.Session) -> None:
    session.add(
        models.Breaker(
            domain="fleet", tripped_at=db.now(session), lost=3, devices=4
        )
    )


#: what nobody asks for, written as a conductor writes it
HAPPENED = {"device heal": _lose, "breaker list": _trip}


def test_every_example_runs(terminal: Terminal, tmp_path: Path) -> None:
    assert sorted(name for name, _ in STORY) == sorted(COMMANDS)
    (tmp_path / "web.yaml").write_text(CONFIG)
    (tmp_path / "shop.yaml").write_text(SHOP)
    for name, needed in STORY:
        for line in needed:
            terminal(line)
        if name in HAPPENED:
            db.write(HAPPENED[name])
        line = Lazy(name, COMMANDS[name]).load().example
        result = terminal(_substituted(terminal, line))
        assert result.code == NOT_ZERO.get(name, 0), (line, result.err)


def _substituted(terminal: Terminal, line: str) -> str:
    """The line with what the command inside $( ) prints."""
    before, opening, rest = line.partition("$(servicevm ")
    if not opening:
        return line
    inner, _, after = rest.partition(")")
    return before + succeeds(terminal, inner).out.strip() + after
