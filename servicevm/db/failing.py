"""Which devices and services fail: somebody should look at them.

Those in ERROR, whatever they do, and those that are dead or silent, whatever
is being done to them. One that is DEGRADED or OFFLINE works as it can: its
members are what is not well, or it was just made.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from servicevm.states import OperatingStatus, ProvisioningStatus

#: Column to the values of which one is enough.
FAILING: Mapping[str, Sequence[str]] = {
    "provisioning_status": [str(ProvisioningStatus.ERROR)],
    "operating_status": [
        str(OperatingStatus.DEAD),
        str(OperatingStatus.UNRESPONSIVE),
    ],
}


def either(model: Any) -> list[Any]:
    """Conditions on devices or services; one that fails has one of them.

    Of one value each: what has it is in the order of its index.
    """
    table = model.__table__.c
    return [
        table[column] == value
        for column, values in FAILING.items()
        for value in values
    ]


def neither(model: Any) -> list[Any]:
    """Conditions all of which those have that do not fail."""
    table = model.__table__.c
    return [table[column].not_in(values) for column, values in FAILING.items()]


def twice(model: Any) -> Any:
    """What holds for those that fail in every way."""
    table = model.__table__.c
    return sa.and_(
        *(table[column].in_(values) for column, values in FAILING.items())
    )
