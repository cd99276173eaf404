"""Calls of devices that need no conductor on their way.

A user waits for a call. Where the mgmt driver says that its calls go over a
relay, the api process makes them itself: two messages of the bus less, and
none of them in a conductor's queue.
"""

import logging

from oslo_config import cfg

from servicevm import drivers
from servicevm.drivers import Drivers, calls
from servicevm.errors import PermanentError
from servicevm.rpc.base import ConductorApi, Json, RelayApi

__all__ = ["RelayedCalls"]

LOG = logging.getLogger(__name__)


class RelayedCalls(ConductorApi):
    """Makes calls that are relayed; asks a conductor for all else.

    Thread-safe.

    :param conductor: who is asked otherwise
    :param relay: what the mgmt drivers of this process are given
    """

    def __init__(
        self, conf: cfg.ConfigOpts, conductor: ConductorApi, relay: RelayApi
    ) -> None:
        self._conductor = conductor
        self._drivers = Drivers(conf, relay)
        self._relayed: dict[str, bool] = {}

    def wake(self) -> None:
        self._conductor.wake()

    def call_service(
        self, host: Json, service_id: str, action: str, arguments: Json
    ) -> Json:
        if self._is_relayed(str(host["mgmt_driver"])):
            return calls.make(
                self._drivers, host, service_id, action, arguments
            )
        return self._conductor.call_service(
            host, service_id, action, arguments
        )

    def console_log(self, device_id: str, max_bytes: int) -> str:
        return self._conductor.console_log(device_id, max_bytes)

    def _is_relayed(self, name: str) -> bool:
        """What the class of the mgmt driver says; looked at once."""
        if name not in self._relayed:
            try:
                self._relayed[name] = drivers.mgmt_class(name).relayed
            except PermanentError as error:
                # Conductors may have what is not installed here.
                LOG.warning("Conductors are asked: %s", error.detail)
                self._relayed[name] = False
        return self._relayed[name]
