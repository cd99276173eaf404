"""What a template says of healing, as a schema for the form; and back.

The ladder is one choice there: a list of few things in an order of which
some mean the same is nothing to fill in.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard.healing import LADDERS

__all__ = ["attributes", "document", "schema"]

_BETWEEN = ","
#: An empty choice means what the service does if nothing is said.
_NOTHING = "-"


def _word(ladder: tuple[str, ...]) -> str:
    return _BETWEEN.join(ladder) or _NOTHING


def schema() -> dict[str, Any]:
    """The limits and defaults are those of the service."""
    return {
        "type": "object",
        "title": _("Healing"),
        "properties": {
            "ladder": {
                "title": _("What is tried with a device that is lost"),
                "enum": [_word(one) for one in LADDERS],
                "x-enum-titles": {
                    _word(one): str(title) for one, title in LADDERS.items()
                },
                "default": _word(next(iter(LADDERS))),
                "x-basic": True,
            },
            "after": _seconds(
                _("Begin after (seconds)"),
                _("How long a device is lost before anything is tried."),
                default=60,
                most=86_400,
            ),
            "attempts": {
                "type": "integer",
                "title": _("Attempts at each"),
                "minimum": 1,
                "maximum": 10,
                "default": 2,
            },
            "backoff": _seconds(
                _("Pause (seconds)"),
                _("After the first attempt; doubled with each."),
                default=30,
                most=3600,
            ),
            "cooldown": _seconds(
                _("Begin anew after (seconds)"),
                _(
                    "A device that is lost again later than this after an "
                    "attempt is healed from the beginning."
                ),
                default=600,
                most=604_800,
            ),
        },
    }


def _seconds(
    title: str, description: str, *, default: int, most: int
) -> dict[str, Any]:
    return {
        "type": "integer",
        "title": title,
        "description": description,
        "minimum": 1,
        "maximum": most,
        "default": default,
    }


def document(shown: Mapping[str, Any]) -> dict[str, Any]:
    """A template's healing, as the form has it."""
    found = dict(shown)
    if "ladder" in found:
        found["ladder"] = _word(tuple(found["ladder"]))
    return found


def attributes(document: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, as the service is sent it."""
    found = dict(document)
    if "ladder" in found:
        found["ladder"] = next(
            list(one) for one in LADDERS if _word(one) == found["ladder"]
        )
    return found
