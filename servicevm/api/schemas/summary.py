"""Schemas of the summary."""

from collections.abc import Iterable
from typing import Any

from servicevm.api.parameters import Parameter
from servicevm.api.schemas import common, devices, operations, quotas, services
from servicevm.db.summary import TEMPLATES
from servicevm.states import (
    OperatingStatus,
    OperationState,
    ProvisioningStatus,
)

#: States of operations that have not ended.
LIVE = [one for one in OperationState if not one.terminal]

#: Most rows of each list of what is included.
ROWS = 10

#: What comes along if it is asked for, and what it is.
MORE = {
    "failing": "Devices and services that fail, those that changed last "
    f"first; at most {ROWS} of each.",
    "running": f"Operations that have not ended, at most {ROWS}, the newest "
    "first.",
    "quota": "Limits and use, where one project is asked about.",
}

INCLUDE = Parameter(
    {"enum": list(MORE)},
    "What is told besides the counts; repeat it for several. What the caller "
    "may not see is null or empty.",
    True,
)

_COUNT = {"type": "integer", "minimum": 0}


def _each(values: Iterable[str]) -> dict[str, Any]:
    return common.exactly(dict.fromkeys(map(str, values), _COUNT))


def _rows(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "maxItems": ROWS, "items": schema}


def _maybe(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    told = f"{MORE[name]} Null if it was not asked for."
    return {**common.nullable(schema), "description": told}


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
        "failing": _maybe(
            "failing",
            common.exactly(
                {
                    "devices": _rows(devices.DEVICE),
                    "services": _rows(services.SERVICE),
                }
            ),
        ),
        "running": _maybe("running", _rows(operations.OPERATION)),
        "quota": _maybe("quota", quotas.QUOTA),
    },
    title="Counts",
)

SHOW = common.envelope("summary", SUMMARY)
