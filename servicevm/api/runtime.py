"""What the resources of one application share."""

import functools
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log

from servicevm import drivers
from servicevm.api.asking import Asking
from servicevm.db.quotas import QUOTAS
from servicevm.drivers.infra.base import InfraDriver
from servicevm.drivers.mgmt.base import MgmtDriver
from servicevm.enforcer import Policy
from servicevm.errors import PermanentError
from servicevm.rpc.base import ConductorApi

LOG = log.getLogger(__name__)


class Runtime:
    """Configuration, policy and the way to the conductor.

    :param conductor: asked for hints, statistics and console output
    """

    def __init__(self, conf: cfg.ConfigOpts, conductor: ConductorApi) -> None:
        self.conf = conf
        self.conductor = conductor
        self.policy = Policy(conf)
        self.asking = Asking(int(conf.api.threads))
        self.max_body = int(conf.api.max_body_bytes)
        self.max_limit = int(conf.api.max_limit)
        self.quotas = {name: int(conf.quota[name]) for name in QUOTAS}
        self.response_validation = bool(conf.api.response_validation)
        self.operation_timeout = int(conf.conductor.operation_timeout)
        self._lock = threading.Lock()
        self._infra: dict[str, InfraDriver] = {}
        self._missing: set[str] = set()

    def infra_driver(self, name: str) -> InfraDriver:
        """The driver, made when it is first asked for.

        Only its checks are used here; the conductor has instances of its
        own.

        :raises PermanentError: TEMPLATE_INVALID, with the names there are
        """
        with self._lock:
            if name not in self._infra:
                # The class's own constructor takes more than the interface.
                make: Any = drivers.infra_class(name)
                self._infra[name] = make(self.conf)
            return self._infra[name]

    def installed(self, name: str) -> InfraDriver | None:
        """The driver of a template that is there; None if it is no more.

        That is looked for once, as it takes a look into every distribution
        there is, and told to the log once.
        """
        if name in self._missing:
            return None
        try:
            return self.infra_driver(name)
        except PermanentError as error:
            LOG.warning("There are templates, but: %s", error.detail)
            self._missing.add(name)
            return None


@functools.cache
def mgmt_class(name: str) -> type[MgmtDriver]:
    """The mgmt driver, of which only what its class says is used here.

    :raises PermanentError: TEMPLATE_INVALID, with the names there are
    """
    return drivers.mgmt_class(name)
