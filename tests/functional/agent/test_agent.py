"""The agent's process, end to end, against a minimal relay."""

import json
import os
import queue
import signal
import stat
import subprocess
import sys
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from servicevm_agent import wire
from servicevm_agent.__main__ import NOTHING_TOLD
from servicevm_agent.layout import Layout
from servicevm_agent.service_host import digest_of
from servicevm_agent.services.haproxy.process import Haproxy
from tests.functional.agent.backends import Backend, free_port, shares
from tests.functional.agent.conftest import Eventually
from tests.functional.agent.relay import DEVICE, TOKEN, Relay
from tests.unit.agent.certificates import DEPLOYMENT, Authority

SERVICE = "5a3f3f6e-6f0e-4a53-8a39-a6a5a3d0aa01"
PORT_NAME = "org.servicevm.agent.0"
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def bootstrap(authority: Authority, transport: dict[str, Any]) -> str:
    return json.dumps(
        {
            "version": 1,
            "device_id": DEVICE,
            "deployment_id": DEPLOYMENT,
            "token": TOKEN,
            "ca_bundle": authority.pem,
            "transport": transport,
            "interfaces": [],
        }
    )


@pytest.fixture(params=["tcp", "serial"])
def relay(
    request: pytest.FixtureRequest,
    authority: Authority,
    folder: Path,
    layout: Layout,
) -> Iterator[Relay]:
    context = authority.relay_context(
        folder, [wire.ALPN_SESSION, wire.ALPN_ENROL]
    )
    if request.param == "tcp":
        relay = Relay(authority, context)
        dead = free_port()
        transport = {
            "type": "tcp",
            "relays": [f"127.0.0.1:{dead}", f"127.0.0.1:{relay.port}"],
        }
        masters = []
    else:
        master, slave = os.openpty()
        tty.setraw(slave)
        ports = folder / "sys" / "class" / "virtio-ports" / "vport0p1"
        ports.mkdir(parents=True)
        (ports / "name").write_text(PORT_NAME + "\n")
        (folder / "dev").mkdir()
        (folder / "dev" / "vport0p1").symlink_to(os.ttyname(slave))
        relay = Relay(authority, context, master=master)
        transport = {"type": "serial", "port": PORT_NAME}
        masters = [master, slave]
    Path(str(layout.bootstrap)).write_text(bootstrap(authority, transport))
    yield relay
    relay.close()
    for descriptor in masters:
        os.close(descriptor)


@pytest.fixture
def start(layout: Layout, folder: Path) -> Iterator[Start]:
    """Starts the agent's process; at the end everything is stopped."""
    started: list[subprocess.Popen[bytes]] = []

    def run(stderr: int | None = None) -> subprocess.Popen[bytes]:
        values = layout._asdict() | {
            "sys": str(folder / "sys"),
            "dev": str(folder / "dev"),
        }
        options = [
            f"--{name.replace('_', '-')}={value or ''}"
            for name, value in values.items()
        ]
        agent = subprocess.Popen(
            [sys.executable, "-m", "servicevm_agent", *options],
            cwd=Path(__file__).parents[3],
            stderr=stderr,
        )
        started.append(agent)
        return agent

    yield run
    for agent in started:
        agent.terminate()
        assert agent.wait(20) in (0, -signal.SIGKILL, -signal.SIGTERM)
    for service in Path(layout.run).glob("*"):
        Haproxy(layout.haproxy, str(service)).stop()


@pytest.fixture
def config(backends: list[Backend]) -> dict[str, Any]:
    return {
        "listeners": [
            {
                "name": "web",
                "protocol": "http",
                "port": free_port(),
                "default_pool": "web",
            }
        ],
        "pools": [
            {
                "name": "web",
                "algorithm": "round_robin",
                "members": [
                    {"name": b.name, "address": "127.0.0.1", "port": b.port}
                    for b in backends[:2]
                ],
            }
        ],
    }


def document(
    config: dict[str, Any], generation: int, **more: Any
) -> dict[str, Any]:
    return {
        "service_id": SERVICE,
        "service_type": "loadbalancer",
        "generation": generation,
        "digest": digest_of(config),
        "config": config,
        **more,
    }


def port_of(config: dict[str, Any]) -> int:
    port: int = config["listeners"][0]["port"]
    return port


def test_from_token_to_traffic_to_removal(
    relay: Relay, start: Start, config: dict[str, Any], layout: Layout
) -> None:
    start()
    hello = relay.hellos.get(timeout=20)
    assert hello["proto"] == 1
    assert hello["ready"] is True
    assert hello["services"] == {}
    state = Path(layout.state)
    assert stat.S_IMODE((state / "identity.pem").stat().st_mode) == 0o600
    assert not (state / "pending.pem").exists()

    assert relay.ask("ping", {"data": "x"}) == {"data": "x"}
    assert relay.ask("apply", document(config, 1)) == {"accepted": True}
    result = relay.results.get(timeout=20)
    assert result == {
        "service_id": SERVICE,
        "generation": 1,
        "digest": digest_of(config),
        "ok": True,
        "detail": "",
        "operating_status": "ONLINE",
    }
    assert shares(port_of(config), 10) == {"b1": 5, "b2": 5}

    asked = {"service_id": SERVICE, "action": "stats", "arguments": {}}
    stats = relay.ask("action", asked)
    assert stats["listeners"][0]["requests_total"] == 10
    status = relay.ask("status", {})
    report = status["services"][SERVICE]
    assert report["generation"] == 1
    assert report["operating_status"] == "ONLINE"
    assert report["failed_generation"] is None
    assert len(report["members"]) == 2

    gone = relay.ask("remove", {"service_id": SERVICE, "generation": 2})
    assert gone == {"removed": True}
    assert relay.ask("status", {})["services"] == {}
    with pytest.raises(OSError, match="refused"):
        shares(port_of(config), 1)
    late = relay.ask("apply", document(config, 1))
    assert late.reason == "stale_generation"


def test_a_refused_config_is_reported_and_the_last_good_serves(
    relay: Relay, start: Start, config: dict[str, Any]
) -> None:
    start()
    relay.ask("apply", document(config, 1))
    assert relay.results.get(timeout=20)["ok"]
    wrong = json.loads(json.dumps(config))
    wrong["pools"][0]["health_monitor"] = {
        "type": "http",
        "expected_codes": "299-200",
    }
    relay.ask("apply", document(wrong, 2))
    result = relay.results.get(timeout=20)
    assert result["generation"] == 2
    assert not result["ok"]
    assert result["detail"].startswith("haproxy: ")
    report = relay.ask("status", {})["services"][SERVICE]
    assert report["generation"] == 1
    assert report["failed_generation"] == 2
    assert report["detail"] == result["detail"]
    assert shares(port_of(config), 4) == {"b1": 2, "b2": 2}


def test_the_same_again_is_answered_and_what_is_stale_is_refused(
    relay: Relay, start: Start, config: dict[str, Any]
) -> None:
    start()
    relay.ask("apply", document(config, 5, fence=3))
    first = relay.results.get(timeout=20)
    assert relay.ask("apply", document(config, 5, fence=3)) == {
        "accepted": True
    }
    assert relay.results.get(timeout=20) == first
    for wrong, reason in (
        (document(config, 6), "stale_fence"),
        (document(config, 4, fence=3), "stale_generation"),
        (document(config, 6, fence=2), "stale_fence"),
        (document(config, 6, fence=3) | {"digest": "x"}, "digest_mismatch"),
        (
            document(config, 6, fence=3) | {"service_type": "firewall"},
            "unknown_service_type",
        ),
    ):
        assert relay.ask("apply", wrong).reason == reason
    assert relay.ask("exec", {"command": "id"}).code == -32601
    assert relay.ask("apply", {}).code == -32602


def test_what_is_told_while_the_agent_is_away_is_not_lost(
    relay: Relay,
    start: Start,
    config: dict[str, Any],
    layout: Layout,
) -> None:
    relay.acknowledge = False
    agent = start()
    relay.hellos.get(timeout=20)
    relay.ask("apply", document(config, 1))
    first = relay.results.get(timeout=20)
    # A power cut: agent and haproxy are gone, the state disk is not.
    agent.kill()
    agent.wait()
    Haproxy(layout.haproxy, f"{layout.run}/{SERVICE}").stop()
    relay.acknowledge = True
    start()
    hello = relay.hellos.get(timeout=20)
    assert hello["services"][SERVICE]["generation"] == 1
    assert hello["services"][SERVICE]["operating_status"] == "ONLINE"
    assert shares(port_of(config), 4) == {"b1": 2, "b2": 2}
    assert relay.results.get(timeout=20) == first
    assert len(set(relay.enrolments)) == 1


def test_results_come_no_faster_than_an_old_relay_takes_them(
    relay: Relay, start: Start, config: dict[str, Any]
) -> None:
    relay.limit = wire.OLD_RELAY
    start()
    relay.hellos.get(timeout=20)
    assert relay.ask("apply", document(config, 1)) == {"accepted": True}
    relay.results.get(timeout=20)
    for _ in range(120):  # which takes 0.3 s without the limit
        # What is done already gets its result anew.
        assert relay.ask("apply", document(config, 1)) == {"accepted": True}
        assert relay.results.get(timeout=20)["ok"]
    assert relay.hellos.empty()


def test_a_device_serves_again_without_any_relay(
    relay: Relay,
    start: Start,
    config: dict[str, Any],
    layout: Layout,
    eventually: Eventually,
) -> None:
    agent = start()
    relay.ask("apply", document(config, 1))
    relay.results.get(timeout=20)
    agent.kill()
    agent.wait()
    Haproxy(layout.haproxy, f"{layout.run}/{SERVICE}").stop()
    relay.close()
    start()

    def serves() -> bool:
        try:
            return shares(port_of(config), 2) == {"b1": 1, "b2": 1}
        except OSError:
            return False

    eventually(serves)
    relay.__init__(  # type: ignore[misc]
        relay.authority, relay._context, master=relay._master
    )


def test_a_lost_session_comes_back_and_so_do_heartbeats(
    relay: Relay, start: Start, config: dict[str, Any]
) -> None:
    start()
    relay.hellos.get(timeout=20)
    beat = relay.beats.get(timeout=20)
    assert beat["services"] == {}
    assert beat["boot_id"]
    relay.drop()
    assert relay.hellos.get(timeout=20)["boot_id"] == beat["boot_id"]
    relay.ask("apply", document(config, 1))
    while True:
        beat = relay.beats.get(timeout=20)
        report = beat["services"].get(SERVICE)
        if report and report["generation"] == 1:
            break
    while True:  # what has not changed is not told again
        beat = relay.beats.get(timeout=20)
        if not beat["services"]:
            break
    shares(port_of(config), 3)
    counted = 0
    while counted < 3:
        counters = relay.beats.get(timeout=20)["counters"]
        # A service that is just being looked at is not in it.
        if SERVICE in counters:
            counted = counters[SERVICE]["requests_total"]


def test_an_enrolment_that_is_refused_is_tried_again_with_the_same_key(
    relay: Relay, start: Start
) -> None:
    relay.refusals = 1
    start()
    relay.hellos.get(timeout=20)
    assert len(relay.enrolments) == 2
    assert len(set(relay.enrolments)) == 1


def test_a_certificate_is_renewed_with_a_fresh_key(
    relay: Relay, start: Start
) -> None:
    # Good for 5 minutes before now and 1 s after: past its half-life.
    relay.lifetime = 60
    start()
    relay.hellos.get(timeout=20)
    relay.hellos.get(timeout=20)
    assert len(relay.renewals) == 1
    assert relay.renewals[0] not in relay.enrolments
    first, second = relay.serials
    assert first != second
    assert relay.ask("ping", {"data": 1}) == {"data": 1}
    with pytest.raises(queue.Empty):
        relay.hellos.get(timeout=1)


@pytest.mark.parametrize(
    ("uris", "words"),
    [
        (["spiffe://other/relay/r1"], "no relay of this deployment"),
        (
            [f"spiffe://{DEPLOYMENT}/device/{DEVICE}"],
            "no relay of this deployment",
        ),
        ([f"spiffe://{DEPLOYMENT}/relay/"], "no relay of this deployment"),
        (
            [
                f"spiffe://{DEPLOYMENT}/relay/r1",
                f"spiffe://{DEPLOYMENT}/relay-group/red",
            ],
            "the relay r1 is of the relay group red, not blue",
        ),
    ],
    ids=["other deployment", "a device", "no name", "other group"],
)
def test_nobody_but_a_relay_of_the_group_gets_the_token(
    authority: Authority,
    folder: Path,
    layout: Layout,
    start: Start,
    uris: list[str],
    words: str,
) -> None:
    context = authority.relay_context(folder, [wire.ALPN_ENROL], uris=uris)
    relay = Relay(authority, context)
    transport = {
        "type": "tcp",
        "relays": [f"127.0.0.1:{relay.port}"],
        "relay_group": "blue",
    }
    Path(str(layout.bootstrap)).write_text(bootstrap(authority, transport))
    try:
        agent = start(stderr=subprocess.PIPE)
        assert agent.stderr is not None
        with agent.stderr:
            # It goes on trying, so there are always more.
            said = any(words.encode() in line for line in agent.stderr)
            # Before nobody hears it any more.
            agent.terminate()
            agent.wait(20)
        assert said
        assert relay.enrolments == []
    finally:
        relay.close()


def test_a_device_without_a_bootstrap_document_says_so(
    layout: Layout, folder: Path
) -> None:
    Path(str(layout.bootstrap)).write_text('{"token": "sesame"')
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "servicevm_agent",
            f"--bootstrap={layout.bootstrap}",
            f"--state={layout.state}",
            f"--run={layout.run}",
            "--netns=",
        ],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == NOTHING_TOLD
    assert b"not JSON" in ended.stderr
    assert b"sesame" not in ended.stderr
