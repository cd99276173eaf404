"""Drivers."""

from servicevmclient.v1._resource import Body, Resource


class Driver(Resource):
    """What a device template can name: it makes devices, or tends them."""

    key = "driver"
    plural = "drivers"
    path = "/v1/drivers"
    noun = "driver"
    identity = "name"

    #: unique among those of its kind
    name = Body[str]()
    #: infra or mgmt
    kind = Body[str]()
    description = Body[str]()
    #: what an infra driver can do
    capabilities = Body[dict[str, bool]]()
    #: JSON Schema of a template's infra_options or mgmt_options
    options_schema = Body[dict[str, object]]()
