"""Service types."""

from servicevmclient.v1._resource import Body, Resource


class ServiceType(Resource):
    """A global, named kind of service."""

    key = "service_type"
    plural = "service_types"
    path = "/v1/service-types"
    noun = "service type"
    identity = "name"

    #: unique
    name = Body[str]()
    version = Body[int]()
    description = Body[str]()
    #: slots of a device that a service of it takes
    slots = Body[int]()
    #: name of each action to the JSON Schema of its arguments
    actions = Body[dict[str, dict[str, object]]]()
    #: JSON Schema (2020-12) of a service's config
    config_schema = Body[dict[str, object]]()
