"""What is below Neutron and Nova: the switch, OVN, libvirt.

They belong together: interfaces that a switch has made are dead when it is,
and so are the guests that have them. What is not whole is started anew.
"""

from tools.cluster.member import Member
from tools.lab.libvirt import Libvirt
from tools.lab.namespaces import Namespaces
from tools.lab.nova import FAKE, KVM
from tools.lab.ovn import Ovn
from tools.lab.switch import Switch

__all__ = ["Underlay"]


class Underlay:
    def __init__(
        self,
        namespaces: Namespaces,
        switch: Switch,
        ovn: Ovn,
        libvirt: Libvirt,
    ) -> None:
        self._namespaces = namespaces
        self._switch = switch
        self._ovn = ovn
        self._libvirt = libvirt
        database, daemon = switch.members()
        self._databases = [database, *ovn.databases()]
        self._libvirtd = libvirt.member()
        self._daemons = [daemon, *ovn.daemons(), self._libvirtd]
        #: In the order in which they start.
        self.members: list[Member] = [*self._databases, *self._daemons]

    def start(self) -> None:
        """Start all of it, if anything does not run."""
        if all(one.pid is not None for one in self.members):
            return
        self.stop()
        self._switch.prepare()
        self._ovn.prepare()
        self._libvirt.prepare()
        for one in self._databases:
            one.begin()
        for one in self._databases:
            one.await_answer()
        self._switch.set(KVM, f"unix:{self._ovn.south}")
        for one in self._daemons:
            one.begin()
        self._ovn.pretend(FAKE)
        for one in self._daemons:
            one.await_answer()

    def stop(self) -> None:
        """Stop it, with the guests; nothing of networks is left."""
        self._libvirtd.kill()
        for one in reversed(self.members):
            one.stop()
        self._namespaces.clear()
