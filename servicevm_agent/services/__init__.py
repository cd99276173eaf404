"""The service types of the device: one module or package each."""

from __future__ import annotations

from typing import Callable, Dict, Iterator, Mapping, Optional, cast

from servicevm_agent.service import Environment, Service

Factory = Callable[[str, Environment], Service]


class Factories(Mapping[str, Factory]):
    """Every service type's name and what makes its services.

    Found by looking into this folder, also inside a zip archive; not before
    somebody asks, because a device that starts has no service yet.
    """

    def __init__(self) -> None:
        self._found: Optional[Dict[str, Factory]] = None

    def __getitem__(self, name: str) -> Factory:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Dict[str, Factory]:
        if self._found is None:
            self._found = _find()
        return self._found


def _find() -> Dict[str, Factory]:
    import importlib
    import pkgutil

    found: Dict[str, Factory] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found[loaded.SERVICE_TYPE] = cast(Factory, loaded.create)
    return found
