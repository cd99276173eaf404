"""The service types of the device: one module or package each."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Callable, Dict, cast

from servicevm_agent.service import Environment, Service

Factory = Callable[[str, Environment], Service]


def factories() -> Dict[str, Factory]:
    """Return every service type's name and what makes its services.

    Found by looking into this folder, also inside a zip archive.
    """
    found: Dict[str, Factory] = {}
    for module in pkgutil.iter_modules(__path__):
        loaded = importlib.import_module(f"{__name__}.{module.name}")
        found[loaded.SERVICE_TYPE] = cast(Factory, loaded.create)
    return found
