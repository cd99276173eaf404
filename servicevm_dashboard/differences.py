"""Where two documents differ. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from servicevm_dashboard.schema_form import schemas
from servicevm_dashboard.schema_form.paths import Path


def differences(one: Any, other: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Where two documents differ, as deep as they are alike.

    >>> list(differences({"a": [1, 2]}, {"a": [1, 3]}))
    [(('a', 1), 2, 3)]
    """
    if isinstance(one, dict) and isinstance(other, dict):
        steps: Sequence[Any] = list(dict.fromkeys([*one, *other]))
    elif isinstance(one, list) and isinstance(other, list):
        one, other = dict(enumerate(one)), dict(enumerate(other))
        steps = range(max(len(one), len(other)))
    else:
        if one != other:
            yield (), one, other
        return
    for step in steps:
        for path, left, right in differences(one.get(step), other.get(step)):
            yield (step, *path), left, right


class Difference(NamedTuple):
    """A field that somebody else changed while it was changed here."""

    where: str
    theirs: str
    mine: str


def shown(value: Any) -> str:
    """A value as it is compared with another."""
    return _("nothing") if value in (None, "") else schemas.text(value)


def readable(path: Path) -> str:
    """Where it is, for a field that is called nothing."""
    return ", ".join(
        str(one + 1) if isinstance(one, int) else schemas.readable(one)
        for one in path
    )
