"""Telling an agent that the conductor said no."""

import logging

from servicevm.errors import INTERNAL, ServicevmError
from servicevm_agent import wire

LOG = logging.getLogger(__name__)

#: JSON-RPC: server errors that the application defines.
_SERVER_ERROR = -32000
_INTERNAL_ERROR = -32603


def refuse(
    session: wire.Session, id: int, error: BaseException, what: str
) -> str:
    """Refuse the agent's request `id` because of `error`.

    What was not foreseen is logged here and stays here: an agent learns
    reason codes, not our insides.

    :returns: the reason's code
    """
    if isinstance(error, ServicevmError):
        session.refuse(id, _SERVER_ERROR, error.reason.code, error.detail)
        return error.reason.code
    LOG.error("%s failed", what, exc_info=error)
    session.refuse(id, _INTERNAL_ERROR, INTERNAL.code, INTERNAL.title)
    return INTERNAL.code
