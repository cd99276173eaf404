"""The service types that are installed."""

import functools
from collections.abc import Mapping
from typing import Any

from stevedore import ExtensionManager

from servicevm.service_types.base import ServiceType

NAMESPACE = "servicevm.service_types"


@functools.cache
def service_types() -> Mapping[str, ServiceType]:
    """Every service type by its name, in order of names.

    :raises RuntimeError: if one that is installed can not be loaded
    """
    found: dict[str, ServiceType] = {}
    manager: ExtensionManager[Any] = ExtensionManager(
        NAMESPACE, on_load_failure_callback=_fail
    )
    for extension in manager:
        declared: Any = extension.plugin
        if declared.name != extension.name:
            raise RuntimeError(
                f"Service type {declared.name!r} is installed under the "
                f"name {extension.name!r}."
            )
        found[declared.name] = declared
    return {name: found[name] for name in sorted(found)}


def _fail(manager: object, entry_point: object, error: BaseException) -> None:
    raise RuntimeError(
        f"Service type {entry_point} can not be loaded: {error}"
    ) from error
