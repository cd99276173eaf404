"""cliff's formatters, found without a look at all entry points."""

from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace
from typing import Any

_COMMON = {
    "json": "json_format:JSONFormatter",
    "table": "table:TableFormatter",
    "value": "value:ValueFormatter",
    "yaml": "yaml_format:YAMLFormatter",
}
#: what cliff declares in its own entry points; a test compares
KNOWN = {
    "cliff.formatter.list": {**_COMMON, "csv": "commaseparated:CSVLister"},
    "cliff.formatter.show": {**_COMMON, "shell": "shell:ShellFormatter"},
}


class Formatters:
    """As much of a stevedore ExtensionManager as cliff uses."""

    def __init__(self, namespace: str) -> None:
        self._found = {}
        for name, target in KNOWN[namespace].items():
            module, _, attribute = target.partition(":")
            kind = getattr(
                import_module(f"cliff.formatters.{module}"), attribute
            )
            self._found[name] = SimpleNamespace(name=name, obj=kind())

    def names(self) -> list[str]:
        """Names of the formatters."""
        return list(self._found)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found.values())

    def __getitem__(self, name: str) -> Any:
        return self._found[name]
