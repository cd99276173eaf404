import pytest

from servicevm.drivers.infra.base import Listener, Peer
from servicevm.drivers.infra.nova.rules import Rule, rules_of
from servicevm.errors import TEMPLATE_INVALID, PermanentError


def test_listeners_come_in_and_peers_are_reached_and_nothing_else() -> None:
    assert rules_of(
        [Listener("web", "http", 80), Listener("dns", "udp", 53)],
        [Peer("192.0.2.7", 8080), Peer("2001:db8::7", 8080)],
    ) == {
        Rule("ingress", "IPv4", "tcp", 80),
        Rule("ingress", "IPv6", "tcp", 80),
        Rule("ingress", "IPv4", "udp", 53),
        Rule("ingress", "IPv6", "udp", 53),
        Rule("egress", "IPv4", "tcp", 8080, "192.0.2.7/32"),
        Rule("egress", "IPv6", "tcp", 8080, "2001:db8::7/128"),
    }


def test_a_peer_by_name_is_refused() -> None:
    with pytest.raises(PermanentError, match="is a name") as caught:
        rules_of([], [Peer("relay.example", 9891)])
    assert caught.value.reason is TEMPLATE_INVALID


@pytest.mark.parametrize(
    "rule",
    [
        Rule("ingress", "IPv6", "tcp", 80),
        Rule("egress", "IPv4", "udp", 53, "192.0.2.7/32"),
    ],
)
def test_a_rule_is_read_as_it_was_written(rule) -> None:
    written = rule.written("group")
    assert written.pop("security_group_id") == "group"
    assert Rule.read({**written, "remote_group_id": None}) == rule


@pytest.mark.parametrize(
    "found",
    [
        # Neutron's default rule of a new group.
        {"direction": "egress", "ethertype": "IPv4", "protocol": None,
         "port_range_min": None, "port_range_max": None},
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
         "port_range_min": 1, "port_range_max": 65535},
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "tcp",
         "port_range_min": 22, "port_range_max": 22,
         "remote_group_id": "group"},
        {"direction": "ingress", "ethertype": "IPv4", "protocol": "icmp",
         "port_range_min": 8, "port_range_max": 8},
    ],
)  # fmt: skip
def test_what_we_do_not_make_is_not_read_as_ours(found) -> None:
    assert Rule.read(found) is None


def test_anywhere_is_the_same_however_it_is_said() -> None:
    rule = Rule("ingress", "IPv4", "tcp", 80)
    written = rule.written("group") | {"remote_ip_prefix": "0.0.0.0/0"}
    assert Rule.read(written) == rule
