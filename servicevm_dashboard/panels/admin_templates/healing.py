"""What a template says of healing, as a schema for the form; and back.

The ladder is two choices there, one for each kind of trouble: a list of few
things in an order of which some mean the same is nothing to fill in.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard.healing import (
    LADDERS,
    SERVICE_LADDERS,
    Ladders,
    part,
)

__all__ = ["attributes", "document", "schema"]

_BETWEEN = ","
#: An empty choice means what the service does if nothing is said.
_NOTHING = "-"
#: Fields of the form, the gentler first.
_LADDERS: Mapping[str, Ladders] = {
    "services": SERVICE_LADDERS,
    "ladder": LADDERS,
}


def _word(ladder: tuple[str, ...]) -> str:
    return _BETWEEN.join(ladder) or _NOTHING


def schema() -> dict[str, Any]:
    """The limits and defaults are those of the service."""
    return {
        "type": "object",
        "title": _("Healing"),
        "properties": {
            "ladder": _choice(
                _("What is tried with a device that is lost"), LADDERS
            ),
            "services": _choice(
                _("What is tried with a service that is dead"),
                SERVICE_LADDERS,
            ),
            "after": _seconds(
                _("Begin after (seconds)"),
                _("How long that is so before anything is tried."),
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
                    "What is lost again later than this after an attempt is "
                    "healed from the beginning."
                ),
                default=600,
                most=604_800,
            ),
        },
    }


def _choice(title: str, ladders: Ladders) -> dict[str, Any]:
    return {
        "title": title,
        "enum": [_word(one) for one in ladders],
        "x-enum-titles": {
            _word(one): str(title) for one, title in ladders.items()
        },
        "default": _word(next(iter(ladders))),
        "x-basic": True,
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
        found |= {
            key: _word(part(shown["ladder"], ladders))
            for key, ladders in _LADDERS.items()
        }
    return found


def attributes(document: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, as the service is sent it."""
    found = dict(document)
    chosen = {key: found.pop(key, None) for key in _LADDERS}
    if any(chosen.values()):
        found["ladder"] = [
            step
            for key, ladders in _LADDERS.items()
            for step in _ladder(chosen[key], ladders)
        ]
    return found


def _ladder(word: str | None, ladders: Ladders) -> tuple[str, ...]:
    """What was chosen; the default where nothing was."""
    default = next(iter(ladders))
    return next((one for one in ladders if _word(one) == word), default)
