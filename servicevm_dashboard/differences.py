"""Where two documents differ. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

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
