"""Whether the service's policy lets who is logged in do something."""

from collections.abc import Mapping
from typing import Any

from openstack_dashboard import policy

__all__ = ["allows", "permitted", "target"]


def target(request: Any, datum: Any = None) -> dict[str, Any]:
    """What the service's rules ask of a thing.

    :param datum: None for what is not there yet
    """
    known = {} if datum is None else datum.to_dict_view()
    return {
        "project_id": known.get("project_id") or request.user.project_id,
        "user_id": known.get("user_id") or request.user.id,
        "initiator": known.get("initiator", "user"),
        "owned": bool(known.get("managed_by")),
        # The API knows; here nobody is one of the cloud's services.
        "owner_id": "",
    }


def permitted(request: Any, rule: str, datum: Any = None) -> bool:
    """Whether it may be done.

    :param rule: of the service's policy, without ``servicevm:``
    :param datum: what it would be done to; None: it is made
    """
    return allows(request, rule, target(request, datum))


def allows(request: Any, rule: str, asked: Mapping[str, Any]) -> bool:
    """The same of something that is told as the rules ask of it."""
    rules = (("servicevm", f"servicevm:{rule}"),)
    return bool(policy.check(rules, request, dict(asked)))
