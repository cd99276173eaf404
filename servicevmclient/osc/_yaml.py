"""YAML with the types of JSON: a loader, and what it reads again."""

import re
from typing import Any

import yaml

_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_Base):  # type: ignore[misc]  # C or Python, as installed
    """Core schema of YAML 1.2, keys that are strings and there once.

    YAML 1.1, which PyYAML speaks, makes dates, true out of ``on`` and 4530
    out of ``75:30``: nobody who writes an address and a port expects it.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}


class Dumper(yaml.SafeDumper):
    """Quotes what `Loader`, or a loader of YAML 1.1, takes for no text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write everything out."""
        return True


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", ""),
):
    for _class in (Loader, Dumper):
        _class.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}",
            re.compile(f"^(?:{_pattern})$"),
            [*(_first or "-+0123456789."), *([""] * (_tag == "null"))],
        )


def dump(document: Any) -> str:
    """A document as YAML that `Loader` reads as the same."""
    text: str = yaml.dump(
        document, Dumper=Dumper, sort_keys=False, allow_unicode=True
    )
    return text


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str):
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"the key {key!r} is not a string; quote it",
                key_node.start_mark,
            )
        if key in found:
            raise yaml.constructor.ConstructorError(
                None,
                None,
                f"the key {key!r} is there twice",
                key_node.start_mark,
            )
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _integer(loader: Any, node: yaml.ScalarNode) -> int:
    # Decimal always: YAML 1.1 reads 010 as eight.
    return int(node.value)


def _float(loader: Any, node: yaml.ScalarNode) -> float:
    return float(node.value)


Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
Loader.add_constructor("tag:yaml.org,2002:int", _integer)
Loader.add_constructor("tag:yaml.org,2002:float", _float)
