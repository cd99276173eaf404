"""Networks that a device can be on, where Neutron has them."""

import logging
from typing import Any

from horizon.utils.memoized import memoized
from openstack_dashboard.api import base, neutron

LOG = logging.getLogger(__name__)

__all__ = ["MOST", "choices"]

#: Most that are offered.
MOST = 200


@memoized
def choices(
    request: Any, project_id: str | None = None
) -> list[tuple[str, str]]:
    """Id and name, by name; one call a request.

    :param project_id: whose device it is; None: that of who is logged in
    :returns: nothing where there is no Neutron, or it gives none: then the
        network is asked for by its id
    """
    if not base.is_service_enabled(request, "network"):
        return []
    try:
        found = neutron.network_list_for_tenant(
            request, project_id or request.user.project_id
        )
    except Exception as error:
        # A device can be made without the names of its networks.
        LOG.warning("The networks could not be read: %s", error)
        return []
    known = [(one.id, one.name or one.id) for one in found]
    return sorted(known, key=lambda one: (one[1].lower(), one[0]))[:MOST]
