"""What a service type of the device has to be.

A module or package in ``servicevm_agent/services`` is one service type: it
has ``SERVICE_TYPE``, the type's name, and ``create(service_id,
environment)``, which returns a `Service`. Nothing else is to be edited.
"""

from __future__ import annotations

import abc
from typing import Any, Dict, Mapping, NamedTuple, Optional, Sequence

from servicevm_agent.layout import Layout

ONLINE = "ONLINE"
DEGRADED = "DEGRADED"
#: There is nothing to serve with, as of a load balancer without members that
#: can be used: whoever uses the service has to mend that.
OFFLINE = "OFFLINE"
#: The service's own software does not run or does not answer: it is what a
#: restart may mend.
DEAD = "DEAD"
UNKNOWN = "UNKNOWN"


class ConfigRefused(Exception):
    """The service cannot do this; what served before still serves.

    The text is for the user and has the service's own words.
    """


class Environment(NamedTuple):
    """What a service finds around it.

    :param egress_proxy: ``address:port`` of a SOCKS4 server through which
        alone the tenant's network is reached, or None
    """

    layout: Layout
    egress_proxy: Optional[str] = None


class Status(NamedTuple):
    """How a service is doing.

    :param members: ``{"name", "pool", "operating_status"}`` each
    """

    operating_status: str = UNKNOWN
    detail: str = ""
    members: Sequence[Mapping[str, str]] = ()


class Service(abc.ABC):
    """One service instance. Calls come from one thread at a time, block for
    a bounded time, and are idempotent."""

    @abc.abstractmethod
    def apply(self, config: Mapping[str, Any], *, trusted: bool) -> None:
        """Serve `config`.

        :param trusted: it served before: spare a separate validation. Where
            it cannot be served now, `observe` says DEAD, and mends it when
            it can.
        :raises ConfigRefused: and the last good configuration still serves
        """

    def restart(self, config: Mapping[str, Any]) -> None:
        """Stop what serves and serve `config`, which served before, anew.

        Connections end. The default does as if it had been removed.

        :raises ConfigRefused: it does not start
        """
        self.remove()
        self.apply(config, trusted=True)

    @abc.abstractmethod
    def remove(self) -> None:
        """Stop, leave nothing behind."""

    @abc.abstractmethod
    def observe(self) -> Status:
        """How it is doing; also mends what can be mended."""

    @abc.abstractmethod
    def counters(self) -> Dict[str, int]:
        """A few cumulative numbers for accounting, since the boot."""

    @abc.abstractmethod
    def act(self, action: str, arguments: Mapping[str, Any]) -> Dict[str, Any]:
        """Do a declared action.

        :raises ValueError: there is no such action or its arguments are bad
        """
