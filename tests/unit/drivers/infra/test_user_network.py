import json

import pytest

from servicevm.drivers.infra import user_network
from servicevm.drivers.infra.base import Listener, Peer
from servicevm.drivers.infra.user_network import Forward

INFO = """\
Hub -1 (user0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[ESTABLISHED]   20       127.0.0.1 44671       10.0.2.15    80     0     0
  TCP[HOST_FORWARD]  19       127.0.0.1 44671       10.0.2.15    80     0     0
  UDP[HOST_FORWARD]  21       127.0.0.1 53000       10.0.2.15    53     0     0
"""


def test_forwards_are_read_from_what_qemu_says() -> None:
    assert user_network.parse_forwards(INFO) == [
        Forward("tcp", 80, 44671),
        Forward("udp", 53, 53000),
    ]


WEB = Listener("web", "http", 80)


@pytest.mark.parametrize(
    ("present", "wanted", "kept", "remove", "add"),
    [
        pytest.param(
            [], [WEB], {}, [], [Forward("tcp", 80, 0)], id="any free port"
        ),
        pytest.param(
            [],
            [WEB],
            {("tcp", 80): 4000},
            [],
            [Forward("tcp", 80, 4000)],
            id="the port it had before",
        ),
        pytest.param(
            [Forward("tcp", 80, 4000)],
            [WEB],
            {},
            [],
            [],
            id="what is there stays",
        ),
        pytest.param(
            [Forward("tcp", 81, 4001)],
            [],
            {("tcp", 81): 4001},
            [Forward("tcp", 81, 4001)],
            [],
            id="what is not wanted goes",
        ),
        pytest.param(
            [Forward("tcp", 80, 4000), Forward("tcp", 80, 4009)],
            [WEB],
            {},
            [Forward("tcp", 80, 4009)],
            [],
            id="one that a killed call left behind goes",
        ),
        pytest.param(
            [],
            [WEB, Listener("also", "tcp", 80)],
            {},
            [],
            [Forward("tcp", 80, 0)],
            id="two names of a port are one forward",
        ),
    ],
)
def test_the_plan_leads_to_exactly_what_is_wanted(
    present, wanted, kept, remove, add
) -> None:
    assert user_network.plan(present, wanted, kept) == (remove, add)


def test_peers_become_pairs_without_doubles() -> None:
    text = user_network.egress_document(
        [Peer("192.0.2.1", 80), Peer("192.0.2.1", 80), Peer("192.0.2.1", 81)]
    )
    assert json.loads(text) == {
        "allow": [["192.0.2.1", 80], ["192.0.2.1", 81]]
    }


def test_only_the_user_network_needs_a_proxy() -> None:
    assert user_network.egress_proxy("user") == {"socks4": "10.0.2.100:1080"}
    assert user_network.egress_proxy("bridge:br0") is None
