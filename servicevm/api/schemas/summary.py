"""Schemas of the summary."""

from collections.abc import Iterable
from typing import Any

from servicevm.api.schemas import common
from servicevm.db.summary import TEMPLATES
from servicevm.states import (
    OperatingStatus,
    OperationState,
    ProvisioningStatus,
)

#: States of operations that have not ended.
LIVE = [one for one in OperationState if not one.terminal]

_COUNT = {"type": "integer", "minimum": 0}


def _each(values: Iterable[str]) -> dict[str, Any]:
    return common.exactly(dict.fromkeys(map(str, values), _COUNT))


_STATUS = {
    "total": _COUNT,
    "failing": {
        **_COUNT,
        "description": "What the parameter failing=true of the list gives.",
    },
    "provisioning_status": _each(ProvisioningStatus),
    "operating_status": _each(OperatingStatus),
}

SUMMARY = common.exactly(
    {
        "devices": common.exactly(
            {
                **_STATUS,
                "templates": {
                    "type": "array",
                    "maxItems": TEMPLATES,
                    "items": common.exactly(
                        {
                            "id": common.UUID,
                            "name": common.STRING,
                            "count": _COUNT,
                        }
                    ),
                    "description": "What the devices are made of; those with "
                    "the most devices come first.",
                },
            }
        ),
        "services": common.exactly(
            {
                **_STATUS,
                "service_types": {
                    "type": "object",
                    "additionalProperties": _COUNT,
                    "description": "Service type to how many.",
                },
            }
        ),
        "operations": common.exactly(
            {
                **{str(one): _COUNT for one in LIVE},
                "failed_last_day": {
                    **_COUNT,
                    "description": "Those that failed in the last 24 hours "
                    "and were not begun anew.",
                },
            }
        ),
    },
    title="Counts",
)

SHOW = common.envelope("summary", SUMMARY)
