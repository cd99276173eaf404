"""Drivers by name, from the entry points.

Adding a driver is one file and one line in setup.cfg.
"""

import threading
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from oslo_config import cfg
from stevedore import driver
from stevedore.exception import NoMatches

from servicevm.drivers.infra.base import Death, InfraDriver
from servicevm.drivers.mgmt.base import MgmtDriver
from servicevm.errors import TEMPLATE_INVALID, PermanentError
from servicevm.rpc.base import RelayApi

__all__ = [
    "INFRA",
    "MGMT",
    "Drivers",
    "driver_names",
    "infra_class",
    "mgmt_class",
]

INFRA = "servicevm.infra_drivers"
MGMT = "servicevm.mgmt_drivers"


def driver_names(namespace: str) -> list[str]:
    """Names that a template may use, sorted; loads no driver.

    :param namespace: `INFRA` or `MGMT`
    """
    return sorted(metadata.entry_points(group=namespace).names)


def infra_class(name: str) -> type[InfraDriver]:
    """The class behind the name, e.g. for its `options_schema`.

    :raises PermanentError: TEMPLATE_INVALID, with the names there are
    """
    found: type[InfraDriver] = _load(INFRA, name)
    return found


def mgmt_class(name: str) -> type[MgmtDriver]:
    """As `infra_class`."""
    found: type[MgmtDriver] = _load(MGMT, name)
    return found


def _load(namespace: str, name: str) -> Any:
    try:
        return driver.DriverManager(
            namespace,
            name,
            # Said below, with the names that there are.
            on_missing_entrypoints_callback=lambda missing: None,
        ).driver
    except NoMatches as error:
        raise PermanentError(
            TEMPLATE_INVALID,
            f"There is no driver {name!r} in {namespace}; there are: "
            f"{', '.join(driver_names(namespace))}.",
        ) from error


class Drivers:
    """One instance of each driver that was asked for. Thread-safe.

    :param died: what infra drivers call for a device that stops by itself
    """

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        relay: RelayApi,
        died: Death | None = None,
    ) -> None:
        self._conf = conf
        self._relay = relay
        self._died = died
        self._lock = threading.Lock()
        self._infra: dict[str, InfraDriver] = {}
        self._conductors = 1
        self._mgmt: dict[str, MgmtDriver] = {}

    def infra(self, name: str) -> InfraDriver:
        """Get the infra driver, made with ``(conf)`` at the first call.

        :raises PermanentError: TEMPLATE_INVALID, if there is none
        """
        with self._lock:
            if name not in self._infra:
                # The class's own constructor takes more than the interface.
                make: Any = infra_class(name)
                made = make(self._conf)
                made.share(self._conductors)
                if self._died is not None:
                    # Before it makes any device: a look at those that there
                    # are, when we begin, names no driver that has none.
                    made.watch([], self._died)
                self._infra[name] = made
            return self._infra[name]

    def intents(self, name: str) -> Sequence[str]:
        """The infra driver's `InfraDriver.intents`; none before `infra` has
        made it. Waits for nothing."""
        made = self._infra.get(name)
        return () if made is None else made.intents

    def mgmt(self, name: str) -> MgmtDriver:
        """Get the mgmt driver, made with ``(conf, relay)``."""
        with self._lock:
            if name not in self._mgmt:
                make: Any = mgmt_class(name)
                self._mgmt[name] = make(self._conf, self._relay)
            return self._mgmt[name]

    def share(self, conductors: int) -> None:
        """Tell infra drivers how many conductors there are."""
        with self._lock:
            if conductors == self._conductors:
                return
            self._conductors = conductors
            for found in self._infra.values():
                found.share(conductors)

    def close(self) -> None:
        """Let go of what the drivers hold; devices keep running."""
        with self._lock:
            for found in self._infra.values():
                found.close()
            self._infra.clear()
            self._mgmt.clear()
