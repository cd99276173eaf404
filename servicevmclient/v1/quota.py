"""Quotas."""

from typing import TypedDict

from servicevmclient.v1._resource import Body, Resource


class QuotaEntry(TypedDict):
    """One quota of a project."""

    #: -1 is unlimited
    limit: int
    in_use: int


class Quota(Resource):
    """What a project may have at most, and what it has."""

    key = "quota"
    plural = "quotas"
    path = "/v1/quotas"
    noun = "quota"
    identity = "project_id"
    named = False

    project_id = Body[str]()
    devices = Body[QuotaEntry]()
    services = Body[QuotaEntry]()
    #: virtual processors of all devices
    vcpus = Body[QuotaEntry]()
    #: MiB of memory of all devices
    ram = Body[QuotaEntry]()
    #: slots of devices that services take
    slots = Body[QuotaEntry]()


#: The quotas there are.
QUOTAS = tuple(name for name in Quota.fields if name != "project_id")
#: What the API takes for the id of the caller's own project.
OWN = "own"
