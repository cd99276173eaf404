"""Which project everything of a device is in, and the cloud as that one.

It is the service's own, or the device's where the template says ``owner:
tenant``. Nova is asked as that project; Neutron, for ports, as the service's,
whose user may make ports for others.
"""

import threading

from oslo_config import cfg

from servicevm.drivers.infra.base import DeviceSpec
from servicevm.drivers.infra.nova import template
from servicevm.drivers.infra.nova.choices import Choices
from servicevm.drivers.infra.nova.cloud import Cloud, Clouds
from servicevm.drivers.infra.nova.marks import Marks
from servicevm.drivers.infra.nova.pace import Pace
from servicevm.drivers.infra.nova.servers import Servers

__all__ = ["Homes"]


class Homes:
    """Thread-safe. Asks the cloud when it is made.

    :raises ServicevmError: the cloud cannot be reached
    """

    def __init__(
        self, conf: cfg.ConfigOpts, clouds: Clouds, marks: Marks
    ) -> None:
        self._conf = conf
        self._clouds = clouds
        self._marks = marks
        #: Id of the service's project.
        self.service = clouds.service().project_id
        self._choices = Choices(self.service)
        self._pace = Pace(conf.nova.build_rate)
        self._lock = threading.Lock()
        self._servers: dict[str, Servers] = {}
        self._conductors = 1

    def of(self, spec: DeviceSpec) -> str:
        """Id of the project that everything of the device belongs to."""
        if spec.options.get("owner") == template.TENANT:
            return spec.project_id
        return self.service

    def cloud(self, project_id: str) -> Cloud:
        return self._clouds.of(project_id)

    def servers(self, project_id: str) -> Servers:
        """The project's servers: one look at them is for everybody."""
        cloud = self._clouds.of(project_id)
        with self._lock:
            if project_id not in self._servers:
                self._servers[project_id] = Servers(
                    cloud,
                    self._marks,
                    self._choices,
                    self._pace,
                    self._conf.nova.poll_interval,
                )
                self._servers[project_id].share(self._conductors)
            return self._servers[project_id]

    def share(self, conductors: int) -> None:
        """Leave so many conductors, this one too, their part."""
        self._pace.share(conductors)
        with self._lock:
            self._conductors = conductors
            for servers in self._servers.values():
                servers.share(conductors)
