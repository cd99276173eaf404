"""Options of list: filters, order, pages; declared once."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from servicevmclient.osc import _project, _values
from servicevmclient.v1._resource import Resource


class Filter(NamedTuple):
    """``--device NAME``.

    :param flag: the option
    :param query: key of the query
    :param find: kind of resource that the value names; its id is sent
    :param switch: it has no value: given, it is true
    """

    flag: str
    query: str
    help: str
    metavar: str
    find: type[Resource] | None = None
    choices: tuple[str, ...] | None = None
    switch: bool = False


NAME = Filter("--name", "name", "Only those with this name", "NAME")
NAME_PREFIX = Filter(
    "--name-prefix",
    "name_prefix",
    "Only those whose name begins so",
    "TEXT",
)
HOST = Filter("--host", "host", "Only those on this host", "HOST")
ALIVE = Filter(
    "--alive",
    "alive",
    "Only those that were heard of lately, or that were not",
    "true|false",
    choices=("true", "false"),
)
RELAY_GROUP = Filter(
    "--relay-group",
    "relay_group",
    "Only those that use this relay group",
    "GROUP",
)
FAILING = Filter(
    "--failing",
    "failing",
    "Only those in ERROR, and those that are DEAD or UNRESPONSIVE",
    "",
    switch=True,
)
PROVISIONING_STATUS = Filter(
    "--provisioning-status",
    "provisioning_status",
    "Only those with this provisioning status",
    "STATUS",
    choices=(
        "PENDING_CREATE",
        "ACTIVE",
        "PENDING_UPDATE",
        "PENDING_DELETE",
        "ERROR",
    ),
)
OPERATING_STATUS = Filter(
    "--operating-status",
    "operating_status",
    "Only those with this operating status",
    "STATUS",
    choices=(
        "ONLINE",
        "DEGRADED",
        "UNRESPONSIVE",
        "DEAD",
        "OFFLINE",
        "UNKNOWN",
    ),
)

_TAGS = (
    ("--tags", "tags", "Only those with all of these tags"),
    ("--any-tags", "tags_any", "Only those with any of these tags"),
    ("--not-tags", "not_tags", "Without those that have all of these tags"),
    (
        "--not-any-tags",
        "not_tags_any",
        "Without those that have any of these tags",
    ),
)


def add(
    parser: argparse.ArgumentParser,
    filters: Sequence[Filter],
    *,
    tags: bool,
    pages: bool,
    sorts: bool,
    projects: bool,
) -> None:
    """Render the filters and what every list has.

    :param tags: the resources have tags
    :param pages: the service pages them
    :param sorts: and orders them as it is told
    :param projects: each belongs to a project
    """
    parser.add_argument("--long", action="store_true", help="More columns")
    for one in filters:
        if one.switch:
            parser.add_argument(
                one.flag,
                action="store_const",
                const=True,
                help=one.help,
            )
            continue
        parser.add_argument(
            one.flag,
            metavar=one.metavar,
            choices=one.choices,
            type=_case(one.choices),
            help=one.help,
        )
    if tags:
        for flag, dest, text in _TAGS:
            parser.add_argument(
                flag, dest=dest, metavar="TAG[,TAG...]", help=text
            )
    if not pages:
        return
    if projects:
        add_projects(parser)
    if sorts:
        parser.add_argument(
            "--sort",
            metavar="KEY[:asc|:desc]",
            type=_values.sort_key,
            action="append",
            help="Order, by the service (repeat for more keys)",
        )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=_values.positive,
        help="Show at most N",
    )
    parser.add_argument(
        "--marker",
        metavar="ID",
        help="Show what comes after this id",
    )


def add_projects(parser: argparse.ArgumentParser) -> None:
    """Render the options that say of which projects."""
    parser.add_argument(
        "--project",
        metavar="PROJECT",
        help="Those of this project (name or ID; needs a role that may)",
    )
    parser.add_argument(
        "--all-projects",
        action="store_true",
        help="Those of all projects (needs a role that may)",
    )


def of_projects(parsed: argparse.Namespace, app: Any) -> dict[str, Any]:
    """The query that they stand for."""
    found: dict[str, Any] = {}
    if parsed.all_projects:
        found["all_projects"] = True
    if parsed.project is not None:
        found["project_id"] = _project.id_of(app, parsed.project)
    return found


def _case(choices: tuple[str, ...] | None) -> Callable[[str], str]:
    """Written any way, it is one of the choices."""
    if not choices:
        return str
    return str.upper if choices[0].isupper() else str.lower


def query(
    parsed: argparse.Namespace,
    filters: Sequence[Filter],
    app: Any,
    client: Any,
    *,
    tags: bool,
    pages: bool,
    sorts: bool,
    projects: bool,
) -> dict[str, Any]:
    """The query; a filter's name is looked up only if it is given."""
    found: dict[str, Any] = {}
    if pages:
        found |= {
            "marker": parsed.marker,
            "max_items": parsed.limit,
            # A page as small as what is shown; the service bounds it, too.
            "limit": parsed.limit,
        }
    if pages and sorts:
        found["sort"] = ",".join(parsed.sort) if parsed.sort else None
    if pages and projects:
        found |= of_projects(parsed, app)
    for one in filters:
        value = getattr(parsed, one.flag.removeprefix("--").replace("-", "_"))
        if value is not None and one.find is not None:
            value = client.find(one.find, value).ref
        found[one.query] = value
    if tags:
        found |= {dest: getattr(parsed, dest) for _, dest, _ in _TAGS}
    return found
