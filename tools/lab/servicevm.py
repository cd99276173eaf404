"""servicevm in the lab: an API, two conductors, a relay.

The relay listens on this machine's address in the management network; all of
the rest is on the loopback address.
"""

from collections.abc import Mapping
from dataclasses import replace

from tools.cluster.configuration import Options
from tools.cluster.fleet import Fleet
from tools.cluster.installation import Installation, Say
from tools.cluster.member import Member
from tools.lab.scene import RELAY_PORT, Scene
from tools.lab.service import Wiring

__all__ = ["ServiceVm", "nova_options"]

_COUNTS = {"api": 1, "conductor": 2, "relay": 1}
_DEPLOYMENT: Options = {"DEFAULT": {"deployment_id": "lab"}}


def nova_options(wiring: Wiring) -> Options:
    """How the nova driver logs in, for who has it: conductors."""
    return {"nova": wiring.auth("servicevm")}


class ServiceVm:
    """:param wiring: of the lab, whose servers it uses"""

    def __init__(self, wiring: Wiring, scene: Scene) -> None:
        self._wiring = wiring
        self._installation = Installation(
            Fleet(
                wiring.folder,
                wiring.ports,
                _DEPLOYMENT,
                counts=_COUNTS,
                relay_at={"relay1": (scene.relay_address, RELAY_PORT)},
            )
        )
        self.members: list[Member] = self._installation.members

    @property
    def endpoint(self) -> str:
        """Of its API."""
        return self._installation.fleet.endpoint

    def start(self, say: Say = lambda line: None) -> None:
        """Start what does not run; wait until all of it works."""
        self._wiring.keystone.register(self.endpoint)
        self._installation.prepare()
        # Only now there are passwords.
        self._installation.fleet = replace(
            self._installation.fleet,
            of_role={"conductor": nova_options(self._wiring)},
        )
        self._installation.settle(self, self._wiring.database.create)
        self._installation.start(say)

    def stop(self, say: Say = lambda line: None) -> None:
        self._installation.stop(say)

    # -- tools.cluster.fleet.Wiring -----------------------------------------

    def url_of(self, member: str, target: str) -> str:
        if target == "database":
            return self._wiring.database.url("servicevm")
        return self._wiring.broker.url

    def authtoken(self) -> Mapping[str, str]:
        return self._wiring.keystone.authtoken()
