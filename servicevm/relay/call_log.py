"""Lines of the log about calls to agents."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from oslo_context import context

from servicevm import logs
from servicevm.errors import ServicevmError
from servicevm.rpc.base import Json

LOG = logging.getLogger(__name__)

#: Methods by which a request reaches the device. What else is asked of it is
#: asked again and again.
_TRACED = ("apply", "remove", "restart", "action", "interfaces")


def traced(method: str, params: Json) -> dict[str, Any]:
    """Parameters for the agent, with the id of this thread's request.

    It is in the agent's log then; an agent that does not know it yet takes
    no notice.
    """
    request_id = logs.request_id()
    if request_id is None or method not in _TRACED:
        return dict(params)
    return {**params, "request_id": request_id}


def ending(device_id: str, method: str) -> Callable[[Future[Any]], None]:
    """For a call's future: write what became of it.

    The line names the request of the thread that asks now, whichever thread
    brings the answer.
    """
    told = {"context": context.get_current()}
    level = logging.INFO if method in _TRACED else logging.DEBUG
    began = time.monotonic()

    def ended(answer: Future[Any]) -> None:
        if not LOG.isEnabledFor(level):
            return
        error = answer.exception()
        outcome = "answered"
        if error is not None:
            outcome = (
                f"{error.reason.code}: {error.detail}"
                if isinstance(error, ServicevmError)
                else type(error).__name__
            )
        LOG.log(
            level,
            "Device %s: %s: %s, %.3f s",
            device_id,
            method,
            outcome,
            time.monotonic() - began,
            extra=told,
        )

    return ended
