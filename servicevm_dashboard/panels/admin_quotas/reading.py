"""What the quotas' pages ask for besides the quotas."""

import logging
from collections.abc import Mapping
from typing import Any

from horizon.utils.memoized import memoized

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Quota
from servicevm_dashboard.exceptions import ServicevmError

LOG = logging.getLogger(__name__)


@memoized
def defaults(request: Any) -> Mapping[str, int]:
    """The limits of projects that have none of their own; one call.

    :returns: nothing where they could not be read
    """
    try:
        return servicevm.call(request, Client.get_quota_defaults)
    except ServicevmError as error:
        LOG.warning("The default quotas could not be read: %s", error)
        return {}


def own(request: Any, quota: Quota) -> bool:
    """Whether one of its limits is another than the default."""
    entries = quota.to_dict_view()
    return any(
        entries[name]["limit"] != limit
        for name, limit in defaults(request).items()
        if name in entries
    )
