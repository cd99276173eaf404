"""Commands: service type."""

from servicevmclient.osc import _columns, _verbs
from servicevmclient.v1.service_type import ServiceType


class ListServiceType(_verbs.List):
    """List service types"""

    kind = ServiceType
    columns = _columns.SERVICE_TYPE
    tagged = False
    paged = False
    example = "service type list"


class ShowServiceType(_verbs.Show):
    """Show a service type, its actions and the schema of its configuration"""

    kind = ServiceType
    columns = _columns.SERVICE_TYPE
    example = "service type show loadbalancer -f json -c config_schema"
