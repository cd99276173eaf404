"""OVN: its databases, northd, the controller, a chassis that is none.

Ports of guests that do not exist (nova's fake driver) are bound to a chassis
that is only a row: `fake_ports` says that they are up.
"""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from tools.cluster.member import Member
from tools.cluster.ports import serves
from tools.lab.namespaces import command
from tools.lab.switch import Switch, database

__all__ = ["Ovn"]

_SCHEMAS = Path("/usr/share/ovn")


class Ovn:
    """:param folder: of the lab; ours is ``ovn/``
    :param switch: that the controller programs
    """

    def __init__(self, folder: Path, switch: Switch) -> None:
        self._lab = folder
        self._switch = switch
        self.folder = folder / "ovn"
        self.north = self.folder / "nb.sock"
        self.south = self.folder / "sb.sock"
        self._environment = {
            **switch.environment,
            "OVN_RUNDIR": str(self.folder),
            "OVN_LOGDIR": str(folder / "log"),
            "OVN_DBDIR": str(self.folder),
        }

    def databases(self) -> Iterator[Member]:
        """The first of its processes."""
        for name, socket in (("nb", self.north), ("sb", self.south)):
            yield self._member(
                f"ovn-{name}",
                database(self.folder / f"{name}.db", socket),
                socket,
            )

    def daemons(self) -> Iterator[Member]:
        """The others; after the switch."""
        control = self.folder / "northd.ctl"
        yield self._member(
            "ovn-northd",
            [
                *["ovn-northd", f"--ovnnb-db=unix:{self.north}"],
                *[f"--ovnsb-db=unix:{self.south}", f"--unixctl={control}"],
                "-vconsole:warn",
            ],
            control,
        )
        # ovn-controller 23.03 takes no --unixctl.
        yield self._member(
            "ovn-controller",
            [
                *["ovn-controller", f"unix:{self._switch.socket}"],
                "-vconsole:warn",
            ],
        )

    def prepare(self) -> None:
        """Make the databases, where they are missing."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        for name in ("nb", "sb"):
            path = self.folder / f"{name}.db"
            if not path.exists():
                fresh = path.with_suffix(".new")
                fresh.unlink(missing_ok=True)
                command(
                    [
                        *["ovsdb-tool", "create", str(fresh)],
                        str(_SCHEMAS / f"ovn-{name}.ovsschema"),
                    ]
                )
                shutil.move(fresh, path)

    def southbound(self, *arguments: str) -> str:
        """``ovn-sbctl``; what it says."""
        return command(
            [
                "ovn-sbctl",
                *[f"--db=unix:{self.south}", "--timeout=20", *arguments],
            ]
        )

    def pretend(self, host: str) -> None:
        """Make a chassis of a host that is not there, once."""
        find = ["--bare", "--columns=_uuid", "find"]
        if not self.southbound(*find, "Chassis", f"name={host}").strip():
            self.southbound(
                *["chassis-add", host, "geneve", "127.0.0.2", "--"],
                *["set", "Chassis", host, f"hostname={host}"],
                "other_config:datapath-type=netdev",
            )
        if not self.southbound(
            *find, "Chassis_Private", f"name={host}"
        ).strip():
            chassis = self.southbound(*find, "Chassis", f"name={host}")
            self.southbound(
                *["create", "Chassis_Private", f"name={host}"],
                f"chassis={chassis.strip()}",
                r'external_ids:neutron\:ovn-bridge-mappings=""',
                f"nb_cfg_timestamp={int(time.time())}000",
            )

    def _member(
        self, name: str, argv: list[str], socket: Path | None = None
    ) -> Member:
        return Member(
            name,
            0,
            self._lab,
            argv,
            answers=lambda: socket is None or serves(socket),
            environment=self._environment,
        )
