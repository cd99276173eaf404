"""What two values of JSON differ in."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

#: Stands for a value that is not there.
ABSENT: Any = None


class Difference(NamedTuple):
    """One value that is another now.

    :param path: ``config.listeners[0].port``
    :param before: None where there was none
    :param after: None where there will be none
    """

    path: str
    before: Any
    after: Any


def differences(
    before: Any, after: Any, path: str = ""
) -> Iterator[Difference]:
    """The smallest values that differ, in the order of the second.

    Lists whose items all have a name are compared by it: a member that is
    put first does not change all that follow.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in [*after, *(one for one in before if one not in after)]:
            below = f"{path}.{key}" if path else str(key)
            yield from differences(
                before.get(key, ABSENT), after.get(key, ABSENT), below
            )
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(before, after, path)
    elif before != after or isinstance(before, bool) != isinstance(
        after, bool
    ):
        yield Difference(path, before, after)


def _of_lists(
    before: list[Any], after: list[Any], path: str
) -> Iterator[Difference]:
    old, new = _named(before), _named(after)
    if old is None or new is None:
        both = min(len(before), len(after))
        for index in range(both):
            yield from differences(
                before[index], after[index], f"{path}[{index}]"
            )
        for index, gone in enumerate(before[both:], both):
            yield Difference(f"{path}[{index}]", gone, ABSENT)
        for index, more in enumerate(after[both:], both):
            yield Difference(f"{path}[{index}]", ABSENT, more)
        return
    for name in [*new, *(one for one in old if one not in new)]:
        yield from differences(
            old.get(name, ABSENT), new.get(name, ABSENT), f"{path}[{name}]"
        )
    order = [one for one in old if one in new]
    if order != [one for one in new if one in old]:
        # The same, in another order: that may matter.
        yield Difference(path, [*old], [*new])


def _named(items: list[Any]) -> dict[str, Any] | None:
    """Items by their names, if each has one of its own."""
    names = [
        one.get("name") if isinstance(one, Mapping) else None for one in items
    ]
    if not all(isinstance(one, str) for one in names):
        return None
    if len(set(names)) < len(names):
        return None
    return dict(zip(map(str, names), items, strict=True))
