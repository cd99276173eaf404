"""How a device or service is, so that no word contradicts the other.

Provisioning tells what is being done to it, health how it does. Of what is
done, only health is worth telling; of what is not there yet or about to go,
nothing is to be expected of its health.
"""

from typing import Any

from servicevm_dashboard import words

__all__ = ["health", "provisioning", "told", "tone"]

_HEALTHLESS = frozenset({"PENDING_CREATE", "PENDING_DELETE"})
_GRAVITY = ("danger", "warning", "info", "success")


def provisioning(resource: Any) -> str:
    """The provisioning status; empty where it is as it was asked for.

    :param resource: a device or a service
    """
    status: str = resource.provisioning_status
    return "" if status == "ACTIVE" else status


def health(resource: Any) -> str:
    """The operating status; empty where it means nothing."""
    if resource.provisioning_status in _HEALTHLESS:
        return ""
    status: str = resource.operating_status
    return status


def told(resource: Any) -> list[Any]:
    """What is told of it, in words, the first thing first."""
    found = (
        words.of(words.PROVISIONING, provisioning(resource)),
        words.of(words.OPERATING, health(resource)),
    )
    return [word for word in found if word]


def tone(resource: Any) -> str:
    """As `words.tone`; the graver of what is told."""
    status = provisioning(resource)
    if status.startswith("PENDING"):
        # It is not there yet, or not any more: that is no failure.
        return words.tone(status)
    found = [words.tone(one) for one in (status, health(resource)) if one]
    return min(found, key=_GRAVITY.index)
