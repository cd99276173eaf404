"""Holds as the API shows them."""

from typing import Any

import sqlalchemy as sa

from servicevm import clock
from servicevm.api.views import names
from servicevm.db import models
from servicevm.states import HoldScope

_HOLD = models.table(models.Hold)

#: What belongs to a hold and is in other tables.
PARTS = {
    "target_name": sa.case(
        *(
            (_HOLD.c.scope == str(scope), names.name(model, _HOLD, "target"))
            for scope, model in (
                (HoldScope.DEVICE, models.Device),
                (HoldScope.TEMPLATE, models.DeviceTemplate),
            )
        )
    )
}


def render(row: Any) -> dict[str, Any]:
    """A hold that was read with `PARTS`."""
    return {
        "id": row.id,
        "scope": row.scope,
        "target": row.target or None,
        "target_name": row.target_name,
        "reason": row.reason,
        "user_id": row.user_id,
        "created_at": clock.isoformat(row.created_at),
        "updated_at": clock.isoformat(row.updated_at),
        "expires_at": clock.isoformat(row.expires_at),
    }
