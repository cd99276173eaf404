"""Real conductors, relays and agents: who stops, who dies, who moves."""

import signal
import subprocess
import time
from pathlib import Path

import pytest

from servicevm.rpc.local import LateRelay
from servicevm.rpc.oslo import OsloRelay
from tests.functional.rpc.house import BIN, House, eventually

pytestmark = pytest.mark.timeout(300)

#: Seconds in which an agent is to be with another relay.
MOVED = 15.0


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"]
)
def test_agents_of_a_relay_that_goes_are_soon_with_another(
    house: House, number: signal.Signals
) -> None:
    for name in ("conductor1", "relay1", "relay2"):
        house.start(name)
    device = house.device("d1", "relay1", "relay2")
    first = house.relay_of(device)
    assert first is not None
    begun = time.monotonic()
    house.processes[first].send_signal(number)
    second = eventually(
        lambda: (now := house.relay_of(device)) != first and now
    )
    assert time.monotonic() - begun < MOVED
    assert {first, second} == {"relay1", "relay2"}
    code = house.processes[first].wait(20)
    assert code == (0 if number == signal.SIGTERM else -number)
    # Calls go where the agent is now.
    eventually(lambda: house.show(device)["operating_status"] == "ONLINE")
    relay = OsloRelay(house.conf, house.relay_of)
    assert relay.call(device, "ping", {"data": 1}, 5.0) == {"data": 1}


def test_what_is_wrong_at_the_start_is_said_in_a_sentence(
    short_tmp_path: Path,
) -> None:
    config = short_tmp_path / "servicevm.conf"

    def start(program: str, text: str) -> tuple[int, str]:
        config.write_text(
            f"[DEFAULT]\nrpc = oslo\nstate_dir = {short_tmp_path}\n{text}"
        )
        ended = subprocess.run(
            [str(BIN / program), "--config-file", str(config)],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert "Traceback" not in ended.stderr
        return ended.returncode, ended.stderr.splitlines()[-1]

    url = "transport_url = rabbit://u:p@127.0.0.1:1/\n"
    sqlite = f"[database]\nconnection = sqlite:///{short_tmp_path}/db\n"
    code, said = start("servicevm-conductor", url + sqlite)
    assert code == 1
    assert said.endswith("Run: servicevm-manage db sync")
    code, said = start("servicevm-conductor", "rpc = local\n")
    assert (code, "rpc = oslo" in said) == (1, True)
    code, said = start("servicevm-relay", url)
    assert code == 1
    assert "servicevm-manage pki relay-certificate local" in said


def test_a_device_is_asked_while_no_conductor_lives(house: House) -> None:
    for name in ("conductor1", "relay1"):
        house.start(name)
    device = house.device("d1", "relay1")
    service = house.lost_service(device)
    house.processes["conductor1"].terminate()
    assert house.processes["conductor1"].wait(60) == 0
    answer = house.api.simulate_get(f"/v1/services/{service}/stats")
    # The agent's own words: nobody has told it of this service.
    (error,) = answer.json["errors"]
    assert error["code"] == "agent_error", error
    assert "unknown_service" in error["detail"]


def test_processes_start_and_stop_without_a_broker(house: House) -> None:
    nowhere = "rabbit://u:p@127.0.0.1:1/"
    for name in ("conductor1", "relay1"):
        house.start(name, url=nowhere)
    for name in ("conductor1", "relay1"):
        house.says(name, "The message bus can not be reached")
    # The conductor lives by the database alone.
    template = house.ok(
        "POST",
        "/v1/device-templates",
        {
            "device_template": {
                "name": "t",
                "infra_driver": "noop",
                "mgmt_driver": "noop",
                "interfaces": [{"role": "mgmt", "network": "user"}],
            }
        },
    )["device_template"]
    device = house.ok(
        "POST",
        "/v1/devices",
        {"device": {"name": "d", "template_id": template["id"]}},
    )["device"]["id"]
    eventually(lambda: house.show(device)["provisioning_status"] == "ACTIVE")
    for name in ("conductor1", "relay1"):
        house.processes[name].terminate()
        assert house.processes[name].wait(30) == 0
        assert "Traceback" not in house.log(name)


def test_a_drained_relay_gives_its_agents_away(house: House) -> None:
    for name in ("conductor1", "relay1", "relay2"):
        house.start(name)
    device = house.device("d1", "relay1", "relay2")
    first = house.relay_of(device)
    for relay in eventually(
        lambda: (
            len(found := house.ok("GET", "/v1/relays")["relays"]) == 2
            and found
        )
    ):
        if relay["name"] == first:
            house.ok(
                "PATCH",
                f"/v1/relays/{relay['id']}",
                {"relay": {"draining": True}},
            )
    eventually(lambda: house.relay_of(device) not in (None, first))


def test_a_device_that_was_revoked_loses_a_session_that_nobody_could_close(
    house: House,
) -> None:
    from servicevm.drivers.mgmt.agent import AgentMgmtDriver

    class Unreachable(LateRelay):
        def close_session(self, device_id: str, reason: str) -> bool:
            return False

    for name in ("conductor1", "relay1"):
        house.start(name)
    device = house.device("d1", "relay1")
    AgentMgmtDriver(house.conf, Unreachable()).forget(device)
    house.says("relay1", "newer_session")
    house.says("relay1", "certificate_refused")
