"""Whether a service's config fits its type."""

import functools
from collections.abc import Mapping
from typing import Any

from servicevm.api import validation
from servicevm.errors import CONFIG_INVALID
from servicevm.service_types import registry
from servicevm.service_types.base import ServiceType

_AT = "$.service.config"


def known_type(name: str) -> ServiceType:
    """The service type of this name.

    :raises PermanentError: INVALID_FIELD, with the names there are
    """
    known = registry.service_types()
    if name not in known:
        validation.refuse(
            {
                "$.service.service_type": f"There is no service type {name}; "
                f"there are: {', '.join(known)}."
            },
            "The body",
        )
    return known[name]


def check_config(declared: ServiceType, config: Mapping[str, Any]) -> None:
    """Refuse a config that does not fit.

    :raises PermanentError: CONFIG_INVALID with the fields
    """
    found, _ = validation.problems(_validator(declared.name), config, _AT)
    if not found:
        found = {
            _AT + path.removeprefix("$"): sentence
            for path, sentence in declared.check(config).items()
        }
    if not found:
        # Whatever the type's schema lets pass: the digest is of canonical
        # JSON, and 1.0 has more than one way to be written.
        found = {
            path: "Numbers here are integers."
            for path in validation.floats(config, _AT)
        }
    if found:
        validation.refuse(found, "The config", CONFIG_INVALID)


@functools.cache
def _validator(name: str) -> Any:
    return validation.validator(registry.service_types()[name].config_schema)
