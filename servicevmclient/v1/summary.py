"""How many there are of everything."""

from typing import Any, TypedDict


class Counted(TypedDict):
    """A template, and how many devices are made of it."""

    id: str
    name: str
    count: int


class Devices(TypedDict):
    """Devices by their states; what there can be and is not there is 0."""

    total: int
    #: those that the filter ``failing`` gives
    failing: int
    provisioning_status: dict[str, int]
    operating_status: dict[str, int]
    #: at most 50; those with the most devices come first
    templates: list[Counted]


class Services(TypedDict):
    """Services by their states and types."""

    total: int
    #: those that the filter ``failing`` gives
    failing: int
    provisioning_status: dict[str, int]
    operating_status: dict[str, int]
    #: only types that there are services of
    service_types: dict[str, int]


class Operations(TypedDict):
    """Operations that have not ended, by state, and failures."""

    PENDING: int
    RUNNING: int
    WAITING: int
    #: in the last 24 hours, and not begun anew
    failed_last_day: int


class Failing(TypedDict):
    """Those that fail, as their lists have them; those changed last first."""

    #: at most 10
    devices: list[dict[str, Any]]
    #: at most 10
    services: list[dict[str, Any]]


class Summary(TypedDict):
    """What ``GET /v1/summary`` tells.

    What is not asked for with ``include`` is None.
    """

    devices: Devices
    services: Services
    operations: Operations
    failing: Failing | None
    #: operations that have not ended, at most 10, the newest first
    running: list[dict[str, Any]] | None
    #: as `Client.get_quota` gives it; None also where several are asked about
    quota: dict[str, Any] | None
