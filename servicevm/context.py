"""Who asks: the request context, whatever the auth strategy."""

from typing import Any

from oslo_context import context


class RequestContext(context.RequestContext):
    """oslo.context's context; `user_id`, `project_id`, `roles`, request id.

    ``http_basic`` and ``none`` know one user, the administrator of the
    project ``default``; see `administrator`.
    """

    def target(self) -> dict[str, Any]:
        """Policy target of what belongs to the caller's own project."""
        return {"project_id": self.project_id, "user_id": self.user_id}


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
