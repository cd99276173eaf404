"""libvirtd of the lab's own, with the guests that it starts.

As root it has fixed paths; its mount namespace has the lab's folders there.
It is in a process namespace too: guests end with it, however it ends. And it
is in the switch's network namespace, where it makes the guests' taps.
"""

import pwd
from pathlib import Path

from tools.cluster.configuration import write
from tools.cluster.member import Member
from tools.cluster.ports import serves
from tools.lab.namespaces import Namespaces
from tools.lab.switch import Switch

__all__ = ["Libvirt"]

#: libvirt does not start without it, whomever qemu.conf says; its package
#: for systemd would make it.
_ACCOUNT = "libvirt-qemu"

_QEMU = """\
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
_LIBVIRTD = """\
unix_sock_group = "root"
auth_unix_rw = "none"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0700"
log_outputs = "2:stderr"
"""

#: The shell stays as the first process of its namespace: it reaps guests
#: that have ended, for which libvirt waits.
_SCRIPT = """\
set -e
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/libvirt /run/openvswitch
# Not every one of its packages makes them; they stay empty.
mkdir -p /etc/libvirt /var/lib/libvirt /var/cache/libvirt
mount --bind "$LAB_LIBVIRT/run" /run/libvirt
mount --bind "$LAB_LIBVIRT/etc" /etc/libvirt
mount --bind "$LAB_LIBVIRT/var" /var/lib/libvirt
mount --bind "$LAB_LIBVIRT/cache" /var/cache/libvirt
mount --bind "$LAB_LIBVIRT/passwd" /etc/passwd
mount --bind "$LAB_LIBVIRT/group" /etc/group
mount --bind "$LAB_OVS" /run/openvswitch
libvirtd -f /etc/libvirt/libvirtd.conf &
wait $!
"""


class Libvirt:
    """:param folder: of the lab; ours is ``libvirt/``"""

    def __init__(
        self, folder: Path, namespaces: Namespaces, switch: Switch
    ) -> None:
        self._lab = folder
        self.switch = switch
        #: What goes before a command that is to see the guests' taps.
        self.inside = namespaces.inside("ovs")
        self.folder = folder / "libvirt"
        self.socket = self.folder / "run" / "libvirt-sock"

    @property
    def uri(self) -> str:
        """For nova, and for ``virsh -c``."""
        return f"qemu+unix:///system?socket={self.socket}"

    def member(self) -> Member:
        """Its process. It is killed rather than stopped: that is what ends
        the guests, and ``unshare`` hears of nothing else."""
        return Member(
            "libvirtd",
            0,
            self._lab,
            [
                *self.inside,
                *["unshare", "--mount", "--propagation", "private"],
                *["--pid", "--fork", "--kill-child", "--mount-proc"],
                *["sh", "-c", _SCRIPT],
            ],
            answers=lambda: serves(self.socket),
            environment={
                "LAB_LIBVIRT": str(self.folder),
                "LAB_OVS": str(self.switch.folder),
            },
        )

    def prepare(self) -> None:
        """Make its folders and files."""
        for name in ("run", "etc", "var", "cache"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        write(self.folder / "etc" / "qemu.conf", _QEMU)
        write(self.folder / "etc" / "libvirtd.conf", _LIBVIRTD)
        people = Path("/etc/passwd").read_text()
        groups = Path("/etc/group").read_text()
        try:
            pwd.getpwnam(_ACCOUNT)
        except KeyError:
            people += (
                f"{_ACCOUNT}:x:64055:64055::/nonexistent:/usr/sbin/nologin\n"
            )
            groups += f"{_ACCOUNT}:x:64055:\n"
        for name, text in (("passwd", people), ("group", groups)):
            write(self.folder / name, text)
            (self.folder / name).chmod(0o644)
