"""Columns of lists and fields of show: declared once."""

import enum
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from servicevmclient.osc import _cells


class In(enum.Enum):
    """Where a column is shown."""

    LIST = enum.auto()  # list, list --long, show
    LONG = enum.auto()  # list --long, show
    SHOW = enum.auto()  # show only


class Column(NamedTuple):
    """One attribute of a resource and how it is shown.

    :param field: key of the resource; what ``show`` calls it
    :param where: list, list --long, or show only
    :param cell: how it is written; None for what a formatter does itself
    :param title: header in a list; else made of the field
    :param yields: how soon a narrow terminal goes without it; 0 is never
    """

    field: str
    where: In = In.SHOW
    cell: type[_cells.Cell] | None = None
    title: str = ""
    yields: int = 0

    @property
    def header(self) -> str:
        """Title Case, as in the other lists of ``openstack``."""
        return self.title or self.field.replace("_", " ").title().replace(
            "Id", "ID"
        )

    def value(self, data: Mapping[str, Any]) -> Any:
        """What to hand to a formatter."""
        found = data.get(self.field)
        return found if self.cell is None else self.cell(found)


_ID = Column("id", In.LIST)
_NAME = Column("name", In.LIST)
_OWNED = (
    Column("description", cell=_cells.Cell),
    Column("project_id", In.LONG),
    Column("tags", In.LONG, _cells.Words),
    Column("properties", cell=_cells.Pairs),
    Column("created_at", In.LONG, _cells.Moment),
    Column("updated_at", cell=_cells.Moment),
)
_STATUS = (
    Column("provisioning_status", In.LIST),
    Column("operating_status", In.LIST),
    Column("status_code", cell=_cells.Cell),
    Column("status_reason", In.LONG, _cells.Cell),
    Column("operation_id", cell=_cells.Cell),
    Column("generation"),
    Column("observed_generation"),
)

DEVICE = (
    _ID,
    _NAME,
    *_STATUS,
    Column("template_name", In.LIST, yields=1),
    Column("template_id"),
    Column("template_revision"),
    Column("kind"),
    Column("interfaces", cell=_cells.Rows),
    Column("relay_group", In.LONG, _cells.Cell),
    Column("agent", cell=_cells.Agent),
    Column("hold", cell=_cells.Hold),
    Column("healing", cell=_cells.Pairs),
    Column("slots", In.LONG, _cells.Slots),
    Column("facts", cell=_cells.Pairs),
    *_OWNED,
    Column("launched_at", cell=_cells.Moment),
)
DEVICE_TEMPLATE = (
    _ID,
    _NAME,
    Column("revision", In.LIST, yields=3),
    Column("infra_driver", In.LIST, yields=1),
    Column("mgmt_driver", In.LIST, yields=2),
    Column("service_types", In.LIST, _cells.Words),
    Column("slots", In.LONG),
    Column("footprint", cell=_cells.Pairs),
    Column("capabilities", cell=_cells.Pairs),
    Column("interfaces", cell=_cells.Rows),
    Column("infra_options", cell=_cells.Pairs),
    Column("mgmt_options", cell=_cells.Pairs),
    Column("health", cell=_cells.Pairs),
    Column("healing", cell=_cells.Pairs),
    *_OWNED,
)
SERVICE = (
    _ID,
    _NAME,
    Column("service_type", In.LIST, yields=1),
    *_STATUS,
    Column("device_name", In.LIST, yields=2),
    Column("device_id"),
    Column("managed_by", In.LONG, _cells.Cell),
    Column("endpoints", In.LONG, _cells.Endpoints),
    Column("members", cell=_cells.Rows),
    Column("slots"),
    Column("healing", cell=_cells.Pairs),
    Column("digest"),
    Column("config", cell=_cells.Document),
    *_OWNED,
)
SERVICE_TYPE = (
    _NAME,
    Column("version", In.LIST),
    Column("slots", In.LIST),
    Column("description", In.LIST, _cells.Cell),
    Column("actions", cell=_cells.Document),
    Column("config_schema", cell=_cells.Document),
)
DRIVER = (
    _NAME,
    Column("kind", In.LIST),
    Column("description", In.LIST, _cells.Cell),
    Column("capabilities", cell=_cells.Pairs),
    Column("options_schema", cell=_cells.Document),
)
OPERATION = (
    _ID,
    Column("action", In.LIST),
    Column("resource_type", In.LIST),
    Column("resource_name", In.LIST, _cells.Cell, yields=3),
    Column("resource_id", In.LONG),
    Column("resource_gone"),
    Column("state", In.LIST),
    Column("step", In.LIST, _cells.Cell, yields=2),
    Column("error_code", In.LONG, _cells.Cell),
    Column("error_text", cell=_cells.Cell),
    Column("attempts", In.LONG),
    Column("steps", cell=_cells.Timeline),
    Column("initiator", In.LONG),
    Column("device_id", cell=_cells.Cell),
    Column("project_id"),
    Column("user_id", cell=_cells.Cell),
    Column("request_id", cell=_cells.Cell),
    Column("cancel_requested"),
    Column("deadline", cell=_cells.Moment),
    Column("created_at", In.LIST, _cells.Moment, yields=1),
    Column("started_at", cell=_cells.Moment),
    Column("finished_at", In.LONG, _cells.Moment),
    Column("updated_at", cell=_cells.Moment),
)
EVENT = (
    Column("at", In.LIST, _cells.Moment),
    Column("severity", In.LIST),
    Column("type", In.LIST, yields=1),
    Column("resource_type", In.LONG, _cells.Cell),
    Column("resource_name", In.LIST, _cells.Cell, yields=2),
    Column("resource_id", In.LONG, _cells.Cell),
    Column("resource_gone", cell=_cells.Cell),
    Column("code", In.LONG, _cells.Cell),
    Column("user_id", In.LONG, _cells.Cell),
    Column("message", In.LIST, _cells.Cell),
    Column("facts", In.LONG, _cells.Pairs),
    Column("id", In.LONG),
    Column("device_id", cell=_cells.Cell),
    Column("operation_id", In.LONG, _cells.Cell),
    Column("request_id", cell=_cells.Cell),
    Column("project_id"),
)
#: of conductors and API processes
PROCESS = (
    _NAME,
    Column("host", In.LIST),
    Column("version", In.LIST, yields=2),
    Column("alive", In.LIST),
    Column("last_seen", In.LIST, _cells.Moment, yields=1),
    Column("started_at", In.LONG, _cells.Moment),
    Column("id", In.LONG),
)
RELAY = (
    _NAME,
    Column("host", In.LIST),
    Column("group", In.LIST, yields=3),
    Column("group_project_id", In.LONG, _cells.Cell),
    Column("version", In.LIST, yields=2),
    Column("sessions", In.LIST),
    Column("alive", In.LIST),
    Column("draining", In.LIST),
    Column("last_seen", In.LIST, _cells.Moment, yields=1),
    Column("address", In.LONG, _cells.Cell),
    Column("started_at", In.LONG, _cells.Moment),
    Column("id", In.LONG),
)


RELAY_GROUP = (
    _NAME,
    Column("project_id", In.LIST, _cells.Cell),
    Column("relays", In.LIST),
    Column("devices", In.LIST),
    Column("description", In.LONG, _cells.Cell, yields=1),
    Column("created_at", In.LONG, _cells.Moment),
    Column("updated_at", cell=_cells.Moment),
)

BREAKER = (
    _NAME,
    Column("released", In.LIST),
    Column("lost", In.LIST),
    Column("devices", In.LIST),
    Column("tripped_at", In.LIST, _cells.Moment),
    Column("released_until", In.LONG, _cells.Moment),
)


HOLD = (
    Column("scope", In.LIST),
    Column("target_name", In.LIST, _cells.Cell, yields=1),
    Column("target", In.LIST, _cells.Cell, yields=2),
    Column("reason", In.LIST),
    Column("expires_at", In.LIST, _cells.Moment),
    Column("user_id", In.LONG),
    Column("created_at", In.LONG, _cells.Moment),
    Column("updated_at", cell=_cells.Moment),
    Column("id", In.LONG),
)


def of_list(columns: Sequence[Column], *, long: bool) -> Sequence[Column]:
    """The columns of a list."""
    shown = (In.LIST, In.LONG) if long else (In.LIST,)
    return [column for column in columns if column.where in shown]


def give_way(columns: Sequence[Column]) -> list[str]:
    """Headers that a narrow terminal goes without, the first one first."""
    found = sorted(columns, key=lambda column: -column.yields)
    return [column.header for column in found if column.yields]


def of_show(
    columns: Sequence[Column], data: Mapping[str, Any]
) -> tuple[list[str], list[Any]]:
    """Field names and values of one resource.

    Keys that are not declared (a newer service) follow those that are.
    """
    names = [column.field for column in columns]
    values = [column.value(data) for column in columns]
    for key in data:
        if key not in names:
            names.append(key)
            values.append(_cells.Document(data[key]))
    return names, values
