"""The parameter ``failing`` of the lists of devices and of services."""

from dataclasses import replace
from typing import Any

from servicevm.api import parameters
from servicevm.api.method import Call
from servicevm.db import failing
from servicevm.db.listing import ListQuery

PARAMETER = parameters.Parameter(
    parameters.BOOLEAN,
    "Only those that fail, or that do not: those whose provisioning status is "
    "ERROR or whose operating status is DEAD or UNRESPONSIVE.",
)


def narrowed(call: Call, query: ListQuery, model: Any) -> ListQuery:
    """The query with what `PARAMETER` adds to it."""
    if "failing" not in call.values:
        return query
    if parameters.boolean(call.values, "failing"):
        return replace(query, either=failing.either(model))
    return replace(query, where=[*query.where, *failing.neither(model)])
