from pathlib import Path

import pytest

from servicevm_agent.layout import Layout
from servicevm_agent.service import ConfigRefused, Environment
from servicevm_agent.services.haproxy.balancer import Balancer


def test_an_ipv6_member_behind_socks4_is_refused_in_words(
    tmp_path: Path,
) -> None:
    layout = Layout(run=str(tmp_path))
    balancer = Balancer("s1", Environment(layout, "10.0.2.100:1080"))
    member = {"name": "b1", "address": "2001:db8::1", "port": 80}
    pool = {"name": "web", "algorithm": "round_robin", "members": [member]}
    listener = {
        "name": "web",
        "protocol": "http",
        "port": 80,
        "default_pool": "web",
    }
    with pytest.raises(ConfigRefused, match=r"b1 of pool web.*IPv4 only"):
        balancer.apply(
            {"listeners": [listener], "pools": [pool]}, trusted=False
        )
