"""What a message from the bus meets first."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from servicevm import logs
from servicevm.errors import INTERNAL, ServicevmError, TransientError
from servicevm.rpc import messages
from servicevm.rpc.messages import Methods

__all__ = ["Endpoint"]

LOG = logging.getLogger(__name__)


class Endpoint:
    """Checks what comes, has it done, and answers.

    oslo.messaging looks methods up as attributes.
    """

    def __init__(self, methods: Methods, handler: Any) -> None:
        self._methods = methods
        self._handler = handler

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        if name.startswith("_") or name not in self._methods:
            raise AttributeError(name)

        def serve(told: Mapping[str, Any], arguments: Any = None) -> Any:
            return self._serve(name, told, arguments or {})

        return serve

    def _serve(
        self, name: str, told: Mapping[str, Any], arguments: Any
    ) -> dict[str, Any]:
        logs.resume(told)
        try:
            known = self._methods[name].check(arguments)
            return {"result": getattr(self._handler, name)(**known)}
        except ServicevmError as error:
            return messages.answer(error)
        except Exception:
            # The database for a moment, or a defect: the caller learns that
            # it may try again, and none of our insides.
            LOG.exception("%s failed", name)
            return messages.answer(TransientError(INTERNAL))
