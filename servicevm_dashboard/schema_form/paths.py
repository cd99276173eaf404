"""Where a field is: in a document, in a form, in an error. Pure.

The same field is ``("listeners", 0, "port")`` in a document,
``config/listeners/0/port`` as the name of an input, and
``$.service.config.listeners[0].port`` in an answer of the service.
"""

import re

Path = tuple[str | int, ...]

_ESCAPES = (("~", "~0"), ("/", "~1"), ("*", "~2"), ("?", "~3"))

#: One step of a JSONPath: ``.key``, ``[0]`` or ``['any key']``.
_STEP = re.compile(
    r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\[\"([^\"]*)\"\]"
)
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]")


def parse(text: str) -> Path:
    """The steps of a JSONPath, or of a path with slashes.

    >>> parse("$.service.config.listeners[0].port")
    ('service', 'config', 'listeners', 0, 'port')
    >>> parse("interfaces/0/network")
    ('interfaces', 0, 'network')
    """
    if not text.startswith("$"):
        steps = [step for step in text.split("/") if step]
        return tuple(int(one) if one.isdecimal() else one for one in steps)
    found: list[str | int] = []
    for key, index, quoted, double in _STEP.findall(text):
        if index:
            found.append(int(index))
        else:
            found.append(key or quoted.replace("\\'", "'") or double)
    return tuple(found)


def below(path: Path, root: Path) -> Path | None:
    """The rest of a path below another; None if it is elsewhere."""
    return path[len(root) :] if path[: len(root)] == root else None


def name(prefix: str, path: Path) -> str:
    """What the input of this field is called."""
    return "/".join([prefix, *(_escaped(str(step)) for step in path)])


def html_id(name: str) -> str:
    """The id of an input out of its name."""
    return _NOT_IN_ID.sub(
        lambda found: "--" if found[0] == "/" else f"_{ord(found[0]):x}", name
    )


def pattern(prefix: str, reference: str) -> str:
    """Names of the inputs that a reference means, with ``*`` for indices.

    >>> pattern("config", "$.pools[*].name")
    'config/pools/*/name'
    """
    steps = reference.removeprefix("$").replace("[*]", ".*").split(".")
    return "/".join(
        [prefix, *(one if one == "*" else _escaped(one) for one in steps[1:])]
    )


def values(document: object, reference: str) -> list[object]:
    """What a reference like ``$.pools[*].name`` finds in a document."""
    found = [document]
    steps = reference.removeprefix("$").replace("[*]", ".*").split(".")
    for step in steps[1:]:
        deeper: list[object] = []
        for one in found:
            if step == "*" and isinstance(one, list):
                deeper += one
            elif isinstance(one, dict) and step in one:
                deeper.append(one[step])
        found = deeper
    return found


def _escaped(step: str) -> str:
    for plain, escape in _ESCAPES:
        step = step.replace(plain, escape)
    return step
