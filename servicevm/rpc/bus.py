"""oslo.messaging as we use it: one exchange, a topic for each role.

This module alone imports oslo.messaging; `oslo_messaging` here is the
library.
"""

import os
import warnings
from typing import Any

from oslo_config import cfg

from servicevm.errors import UNAVAILABLE, PermanentError
from servicevm.rpc.defaults import recommend

# eventlet, see below, would bring a DNS client along: 15 MiB and a quarter
# of the time that this module takes (2026-11).
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

with warnings.catch_warnings():
    # It imports oslo.service, which imports eventlet, which says on import
    # that it should not be used. We do not: nothing is ever patched.
    warnings.simplefilter("ignore")
    from oslo_service import backend as service_backend

    service_backend.init_backend(service_backend.BackendType.THREADING)
    import oslo_messaging
    from oslo_messaging import opts as messaging_opts
    from oslo_messaging._drivers import amqpdriver
    from oslo_messaging.rpc.server import RPCServer

__all__ = [
    "AGENTS",
    "CONDUCTORS",
    "EXCHANGE",
    "GRACE",
    "RELAYS",
    "RPCServer",
    "oslo_messaging",
    "transport",
]

EXCHANGE = "servicevm"
CONDUCTORS = "servicevm.conductor"
AGENTS = "servicevm.agents"
RELAYS = "servicevm.relay"

#: Seconds beyond a call's own time until its caller gives up on the bus.
GRACE = 2.0

#: Seconds after a message until the thread that waits for the next one looks
#: up for the first time, then after twice as long, and so on. The library
#: begins with a millisecond: half a dozen looks after each message, in every
#: process that a call passes and while the call is worked on there; in
#: November 2026 a third of a relay's processor time. It looks for
#: acknowledgements of notifications, of which we have none. A server that is
#: stopped waits for such a look to end.
LOOK = 0.25
amqpdriver.ACK_REQUEUE_EVERY_SECONDS_MIN = LOOK


def transport(conf: cfg.ConfigOpts, url: str | None = None) -> Any:
    """A transport with our defaults; makes no connection yet.

    :param url: instead of ``transport_url``
    :raises PermanentError: UNAVAILABLE, with what is wrong in the
        configuration
    """
    for group, opts in messaging_opts.list_opts():
        if group in (None, "oslo_messaging_rabbit"):
            conf.register_opts(opts, group)
    recommend(conf)
    try:
        return oslo_messaging.get_rpc_transport(conf, url=url)
    except (
        oslo_messaging.InvalidTransportURL,
        oslo_messaging.DriverLoadFailure,
        ValueError,  # of a port that is no number
    ) as error:
        # Not the URL itself, which holds a password.
        raise PermanentError(
            UNAVAILABLE,
            f"transport_url can not be used ({type(error).__name__}). It "
            "looks like rabbit://USER:PASSWORD@HOST:5672/",
        ) from None
