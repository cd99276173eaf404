"""The bootstrap document."""

import copy
import json
from typing import Any

import pytest

from servicevm_agent.bootstrap import BootstrapError, parse

DOCUMENT: dict[str, Any] = {
    "version": 1,
    "device_id": "d-1",
    "deployment_id": "local",
    "token": "sesame-opens",
    "ca_bundle": "PEM",
    "transport": {"type": "serial", "port": "org.servicevm.agent.0"},
    "interfaces": [
        {
            "role": "ingress",
            "mac": "52:54:00:AB:cd:ef",
            "address": "10.0.2.15",
            "prefix": 24,
            "gateway": None,
            "egress_proxy": {"socks4": "10.0.2.100:1080"},
        }
    ],
}


def test_all_of_it_is_read() -> None:
    told = parse(json.dumps(DOCUMENT))
    assert told.port == "org.servicevm.agent.0"
    assert told.relays == ()
    assert told.generation == 0
    (card,) = told.interfaces
    assert card.egress_proxy == "10.0.2.100:1080"
    assert card.mac == "52:54:00:ab:cd:ef"
    assert (card.address, card.prefix) == ("10.0.2.15", 24)


def test_relays_are_read() -> None:
    document = copy.deepcopy(DOCUMENT)
    document["transport"] = {
        "type": "tcp",
        "relays": ["192.0.2.1:9443", "[2001:db8::1]:9443"],
        "interface_mac": "52:54:00:00:00:01",
    }
    told = parse(json.dumps(document))
    assert told.relays == (("192.0.2.1", 9443), ("2001:db8::1", 9443))
    assert told.mgmt_mac == "52:54:00:00:00:01"
    assert told.relay_group == ""
    document["transport"]["relay_group"] = "blue-1"
    assert parse(json.dumps(document)).relay_group == "blue-1"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("device_id", "../x"),
        ("token", "sesame opens"),
        ("ca_bundle", ""),
        ("transport", {"type": "carrier pigeon"}),
        (
            "transport",
            {"type": "tcp", "relays": ["192.0.2.1:1"], "relay_group": "a/b"},
        ),
        ("transport", {"type": "tcp", "relays": []}),
        ("transport", {"type": "tcp", "relays": ["host:0"]}),
        ("transport", None),
        ("interfaces", [{"role": "x", "mac": "not"}]),
        ("interfaces", [{"role": "x"}]),
        ("interfaces", {}),
    ],
)
def test_what_is_wrong_is_refused_without_telling_secrets(
    key: str, value: Any
) -> None:
    with pytest.raises(BootstrapError) as caught:
        parse(json.dumps(DOCUMENT | {key: value}))
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", '"sesame"', "null"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(BootstrapError):
        parse(text)
