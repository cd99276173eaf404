"""``/v1/drivers``: what device templates can name, for those who make them."""

import dataclasses
import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from servicevm import drivers
from servicevm.api import parameters
from servicevm.api.method import Call, Json, Resource, method
from servicevm.api.schemas import drivers as schemas
from servicevm.errors import PermanentError

LOG = logging.getLogger(__name__)

T = TypeVar("T")


class Collection(Resource):
    """``/v1/drivers``: few, so there are no pages."""

    @method(
        "List the drivers that are installed, with the schemas of their "
        "options",
        rule="driver:list",
        response=schemas.LIST,
        query={
            **parameters.FIELDS_ONLY,
            "name": parameters.NAME,
            "kind": parameters.one_of(schemas.KINDS, "kind"),
        },
    )
    def on_get(self, call: Call) -> Json:
        return {
            "drivers": [
                driver
                for driver in _installed()
                if all(
                    driver[key] in call.values.get(key, [driver[key]])
                    for key in ("name", "kind")
                )
            ]
        }


@functools.cache
def _installed() -> Sequence[Json]:
    """All of them; what is installed changes with the process only."""
    return [*_infra(), *_mgmt()]


def _infra() -> Iterator[Json]:
    for name, found in _loaded(drivers.INFRA, drivers.infra_class):
        yield {
            "name": name,
            "kind": "infra",
            "description": found.description,
            "capabilities": dataclasses.asdict(found.capabilities),
            "options_schema": found.options_schema,
        }


def _mgmt() -> Iterator[Json]:
    for name, found in _loaded(drivers.MGMT, drivers.mgmt_class):
        yield {
            "name": name,
            "kind": "mgmt",
            "description": found.description,
            "capabilities": {},
            "options_schema": found.options_schema,
        }


def _loaded(
    namespace: str, load: Callable[[str], T]
) -> Iterator[tuple[str, T]]:
    for name in drivers.driver_names(namespace):
        try:
            yield name, load(name)
        except PermanentError:
            # No template can name it either, and the others are all right.
            LOG.warning("%s has a driver %s that is broken", namespace, name)
