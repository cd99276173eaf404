"""Open vSwitch in a network namespace of its own, without a kernel module.

Its datapath is a process: interfaces are taps, which it makes in its own
namespace and which may be moved to any other.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tools.cluster.member import Member
from tools.cluster.ports import serves
from tools.lab.namespaces import Namespaces, command

__all__ = ["BRIDGE", "Switch", "database"]

BRIDGE = "br-int"
_SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"


class Switch:
    """:param folder: of the lab; ours is ``ovs/``
    :param namespaces: of the lab; the switch is in ``ovs``
    """

    def __init__(self, folder: Path, namespaces: Namespaces) -> None:
        self._lab = folder
        self._namespaces = namespaces
        self.folder = folder / "ovs"
        self.socket = self.folder / "db.sock"
        #: Where programs of Open vSwitch look for each other.
        self.environment = {
            "OVS_RUNDIR": str(self.folder),
            "OVS_LOGDIR": str(folder / "log"),
            "OVS_DBDIR": str(self.folder),
        }

    def members(self) -> Iterator[Member]:
        """Its processes, in the order in which they start."""
        yield Member(
            "ovsdb",
            0,
            self._lab,
            database(self.folder / "conf.db", self.socket),
            answers=lambda: serves(self.socket),
            environment=self.environment,
        )
        control = self.folder / "vswitchd.ctl"
        yield Member(
            "ovs-vswitchd",
            0,
            self._lab,
            [
                *self._namespaces.inside("ovs"),
                *["ovs-vswitchd", f"unix:{self.socket}"],
                *[f"--unixctl={control}", "-vconsole:warn"],
            ],
            answers=lambda: serves(control),
            environment=self.environment,
        )

    def prepare(self) -> None:
        """Make the empty database and the namespace.

        What is plugged in is told anew by who plugs: a switch that starts
        has nothing.
        """
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(mode=0o700)
        command(
            ["ovsdb-tool", "create", str(self.folder / "conf.db"), _SCHEMA]
        )
        self._namespaces.make("ovs")

    def set(self, host: str, remote: str) -> None:
        """Say who it is and where OVN is; before its daemon starts.

        :param host: of the compute service that plugs guests in
        :param remote: OVN's southbound database
        """
        self("--no-wait", "init")
        told = {
            "system-id": host,
            "hostname": host,
            "ovn-remote": remote,
            "ovn-encap-type": "geneve",
            "ovn-encap-ip": "127.0.0.1",
            "ovn-bridge-datapath-type": "netdev",
            "ovn-monitor-all": "true",
            # Unix sockets: nothing is lost on the way.
            "ovn-remote-probe-interval": "0",
            "ovn-openflow-probe-interval": "0",
        }
        self(
            *["--no-wait", "set", "Open_vSwitch", "."],
            *[f"external_ids:{name}={value}" for name, value in told.items()],
            # Or guests must be told not to offload anything.
            "other_config:userspace-tso-enable=true",
            *["--", "--may-exist", "add-br", BRIDGE],
            *["--", "set", "Bridge", BRIDGE, "datapath_type=netdev"],
            # Nothing passes before OVN has said what may.
            "fail_mode=secure",
        )

    def __call__(self, *arguments: str) -> str:
        """``ovs-vsctl``; what it says."""
        return command(
            [
                "ovs-vsctl",
                *[f"--db=unix:{self.socket}", "--timeout=20", *arguments],
            ]
        )

    def plug(self, name: str, port: str, mac: str) -> None:
        """Make an interface of a Neutron port, in the switch's namespace.

        :param name: of the interface, 15 bytes at most
        :param port: Neutron's id of it
        """
        self(
            *["--may-exist", "add-port", BRIDGE, name],
            *["--", "set", "Interface", name, "type=internal"],
            # A colon would part a key from its value.
            *[f'mac="{mac}"', f'external_ids:attached-mac="{mac}"'],
            f"external_ids:iface-id={port}",
            "external_ids:iface-status=active",
        )

    def unplug(self, name: str) -> None:
        """Take an interface away, wherever it was moved to."""
        self("--if-exists", "del-port", BRIDGE, name)


def database(path: Path, socket: Path) -> list[str]:
    """The command of an OVSDB server."""
    return [
        *["ovsdb-server", os.fspath(path), f"--remote=punix:{socket}"],
        *[f"--unixctl={socket.with_suffix('.ctl')}", "-vconsole:warn"],
    ]
