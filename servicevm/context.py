"""Who asks: the request context, whatever the auth strategy."""

import functools
from typing import Any

from oslo_context import context

from servicevm.states import Initiator


class RequestContext(context.RequestContext):
    """oslo.context's context; `user_id`, `project_id`, `roles`, request id.

    ``http_basic`` and ``none`` know one user, the administrator of the
    project ``default``; see `administrator`.
    """

    def target(self) -> dict[str, Any]:
        """Policy target of what is the caller's own.

        ``project_id`` and ``user_id`` are of whom it belongs to,
        ``owner_id`` is the user that may change it where ``owned``: where
        it belongs to another service of the cloud. ``initiator`` is of
        operations.
        """
        return {
            "project_id": self.project_id,
            "user_id": self.user_id,
            "owner_id": self.user_id,
            "owned": False,
            "initiator": str(Initiator.USER),
        }

    @functools.cached_property
    def policy_key(self) -> tuple[Any, ...]:
        """What policy can see of the caller; hashable."""
        return tuple(
            tuple(value) if isinstance(value, list) else value
            for value in self.to_policy_values().values()
        )


def administrator(
    user: str, *, request_id: str, global_request_id: str | None = None
) -> RequestContext:
    """The one user of the strategies without a user directory."""
    return RequestContext(
        user_id=user,
        user_name=user,
        project_id="default",
        project_name="default",
        # What keystone's implied roles would give an administrator.
        roles=["admin", "member", "reader"],
        is_admin=True,
        request_id=request_id,
        global_request_id=global_request_id,
        # Not the thread's: nothing here logs through a thread-local.
        overwrite=False,
    )
