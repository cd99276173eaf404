"""The tenant's side of the demo: a network, two servers and a client.

As root: a Linux bridge without an address in this namespace, and a network
namespace each for client and servers. As an ordinary user: loopback, which
QEMU's user-mode network reaches only where the load balancer's
configuration says so.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
#: Bits of /usr/include/linux/capability.h.
_CAP_NET_ADMIN = 12
_CAP_SYS_ADMIN = 21
#: TEST-NET-2, RFC 5737: nobody's addresses.
PREFIX = "198.51.100"
#: begins the name of each interface and namespace of this demo; others may
#: run at the same time
TAG = f"svd{os.getpid() % 100000}"


@dataclass
class TenantNetwork:
    """What the demo needs to know of the network it made.

    :param interface: value of ``--interface`` for the device template
    :param members: (name, address, port) of the two servers
    :param prefix_command: words that run a command as the client
    """

    interface: str
    members: list[tuple[str, str, int]] = field(default_factory=list)
    prefix_command: list[str] = field(default_factory=list)

    def request(
        self, address: str, port: int, count: int
    ) -> subprocess.CompletedProcess[str]:
        """Send `count` requests from the client's side."""
        return subprocess.run(
            [
                *self.prefix_command,
                sys.executable,
                str(HERE / "requester.py"),
                address,
                str(port),
                str(count),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _ip(*words: str) -> None:
    subprocess.run(
        ["ip", *words], check=True, timeout=10, capture_output=True, text=True
    )


def _start_backend(
    stack: contextlib.ExitStack,
    network: TenantNetwork,
    name: str,
    address: str,
    port: int,
    prefix_command: list[str],
) -> None:
    process = subprocess.Popen(
        [
            *prefix_command,
            sys.executable,
            str(HERE / "backend.py"),
            name,
            address,
            str(port),
        ],
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for the demo, which then stops it in order.
        start_new_session=True,
    )

    def stop() -> None:
        process.terminate()
        process.wait(10)

    stack.callback(stop)
    if process.stdout is None:  # for the type checker: PIPE was asked for
        raise RuntimeError("no pipe")
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"The HTTP server {name} did not start.")
    network.members.append((name, address, int(line)))


@contextlib.contextmanager
def bridged() -> Iterator[TenantNetwork]:
    """A bridge, and a namespace for each of client and servers."""
    bridge = f"{TAG}br"
    network = TenantNetwork(
        interface=f"role=ingress,network=bridge:{bridge},"
        f"cidr={PREFIX}.0/24,pool_start={PREFIX}.100"
    )
    with contextlib.ExitStack() as stack:
        _ip("link", "add", bridge, "type", "bridge")
        stack.callback(_ip, "link", "del", bridge)
        # Nothing of this machine takes part in the tenant's network.
        Path(f"/proc/sys/net/ipv6/conf/{bridge}/disable_ipv6").write_text("1")
        _ip("link", "set", bridge, "up")
        for host, last in (("cli", 10), ("be1", 11), ("be2", 12)):
            namespace, veth = f"{TAG}{host}", f"{TAG}{host}"
            _ip("netns", "add", namespace)
            stack.callback(_ip, "netns", "del", namespace)
            _ip("link", "add", veth, "type", "veth", "peer", "name", "eth0",
                "netns", namespace)  # fmt: skip
            # Not left to the namespace, which dies later than `netns del`.
            stack.callback(_ip, "link", "del", veth)
            _ip("link", "set", veth, "master", bridge, "up")
            _ip("-n", namespace, "link", "set", "lo", "up")
            _ip("-n", namespace, "link", "set", "eth0", "up")
            _ip("-n", namespace, "addr", "add", f"{PREFIX}.{last}/24",
                "dev", "eth0")  # fmt: skip
            enter = ["ip", "netns", "exec", namespace]
            if host == "cli":
                network.prefix_command = enter
            else:
                _start_backend(
                    stack, network, f"backend{last - 10}",
                    f"{PREFIX}.{last}", 8080, enter,
                )  # fmt: skip
        yield network


@contextlib.contextmanager
def loopback() -> Iterator[TenantNetwork]:
    """Two servers on free ports of loopback."""
    network = TenantNetwork(interface="role=ingress,network=user")
    with contextlib.ExitStack() as stack:
        for number in (1, 2):
            _start_backend(
                stack, network, f"backend{number}", "127.0.0.1", 0, []
            )
        yield network


def privileged() -> bool:
    """Whether this process may make bridges and namespaces.

    Being root is not enough in a container.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            effective = int(line.split()[1], 16)
            wanted = (1 << _CAP_NET_ADMIN) | (1 << _CAP_SYS_ADMIN)
            return effective & wanted == wanted
    return False


def tenant_network() -> contextlib.AbstractContextManager[TenantNetwork]:
    """The network that this user can make."""
    return bridged() if privileged() else loopback()
