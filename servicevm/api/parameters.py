"""Query parameters: declared once, parsed here, shown in the OpenAPI."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from servicevm import clock
from servicevm.api import validation
from servicevm.db.listing import Listing, ListQuery
from servicevm.errors import INVALID_FIELD, UNKNOWN_FIELD

Values = Sequence[str]


@dataclass(frozen=True)
class Parameter:
    """One query parameter.

    :param schema: JSON Schema of one value, for the OpenAPI and enums
    :param many: may be repeated
    """

    schema: Mapping[str, Any]
    description: str
    many: bool = False


# No text of PostgreSQL has a NUL.
_STRING = {"type": "string", "pattern": "^[^\\u0000]*$"}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _filter(schema: Mapping[str, Any], what: str) -> Parameter:
    return Parameter(
        schema, f"Only those with this {what}; repeat it for any of.", True
    )


ID = _filter({"type": "string", "format": "uuid"}, "id")
NAME = _filter(_STRING, "name")
TEXT = _filter(_STRING, "value")


def one_of(values: Sequence[str], what: str) -> Parameter:
    """A filter by a value of an enumeration."""
    return _filter({"enum": [str(value) for value in values]}, what)


def reference(what: str) -> Parameter:
    """A filter by another resource's id."""
    return _filter({"type": "string", "format": "uuid"}, what)


#: Whole numbers have at most nine digits.
MAX_INTEGER = 999_999_999

#: What clients write for true and false.
BOOLEAN = {"enum": ["true", "false", "True", "False", "1", "0"]}

PAGING = {
    "limit": Parameter(
        {"type": "integer", "minimum": 1, "maximum": MAX_INTEGER},
        "Most items in the answer; the service's own limit still holds.",
    ),
    "marker": Parameter(
        _STRING,
        "Id of the item after which the page begins, or what a link has.",
    ),
}
_SORT = Parameter(
    _STRING,
    "key:asc or key:desc; repeat it, or part by commas, for further keys.",
    True,
)
_FIELDS = Parameter(
    _STRING, "Names of the fields to answer with, parted by commas.", True
)
_NAME_PREFIX = Parameter(
    _STRING, "Only those whose name begins so, in the same case."
)
PROJECTS = {
    "all_projects": Parameter(BOOLEAN, "Also what belongs to other projects."),
    "project_id": Parameter(
        _STRING,
        "Only what belongs to this project; repeat it for any of. One that "
        "is not the caller's own needs the rule servicevm:all_projects.",
        True,
    ),
}
_CHANGES_SINCE = Parameter(
    {"type": "string", "format": "date-time"},
    "Only what changed at this time or later.",
)
#: As many as a resource can have; each makes the database's work more.
MAX_TAGS = 50
_TAG_LIST = {
    "type": "string",
    "pattern": f"^[^,\\u0000]*(,[^,\\u0000]*){{0,{MAX_TAGS - 1}}}$",
}
_TAGS = {
    "tags": Parameter(_TAG_LIST, "Only those that have all of these tags."),
    "tags-any": Parameter(
        _TAG_LIST, "Only those that have any of these tags."
    ),
    "not-tags": Parameter(
        _TAG_LIST, "Only those that do not have all of these tags."
    ),
    "not-tags-any": Parameter(
        _TAG_LIST, "Only those that have none of these tags."
    ),
}
FIELDS_ONLY = {"fields": _FIELDS}
#: Of what can be tried.
DRY_RUN = {
    "dry_run": Parameter(
        BOOLEAN,
        "Check everything and answer 200 with what it would be at first, "
        "but make and change nothing.",
    )
}


def of_list(
    listing: Listing,
    filters: Mapping[str, Parameter],
    *,
    owned: bool = True,
) -> dict[str, Parameter]:
    """The parameters of a list of `listing`.

    :param owned: each of what is listed belongs to a project
    """
    keys = ", ".join(sorted(listing.sorts))
    key = f"({'|'.join(sorted(listing.sorts))})(:(asc|desc)?)?"
    sort = Parameter(
        comma_separated(key), f"{_SORT.description} Keys: {keys}.", True
    )
    found = {**PAGING, "sort": sort, "fields": _FIELDS, **filters}
    if owned:
        found |= PROJECTS
    if "name" in listing.filters:
        found["name_prefix"] = _NAME_PREFIX
    if listing.changed is not None:
        found["changes-since"] = _CHANGES_SINCE
    if listing.tagged:
        found |= _TAGS
    return found


def comma_separated(item: str) -> dict[str, Any]:
    """Schema of texts that match a pattern; empty ones do no harm."""
    return {"type": "string", "pattern": f"^({item}|)(,({item}|))*$"}


def read(
    given: Mapping[str, Any], declared: Mapping[str, Parameter]
) -> dict[str, Values]:
    """Check names, repetition and values of what was given.

    :param given: Falcon's `req.params`: a string, or a list of them
    :raises PermanentError: UNKNOWN_FIELD, INVALID_FIELD
    """
    found: dict[str, Values] = {}
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            _refuse(
                name[:64],
                f"There is no such parameter; those here are: {known}.",
                UNKNOWN_FIELD,
            )
        parameter = declared[name]
        if parameter.schema.get("format") == "uuid":
            values = [item.lower() for item in values]
        if len(values) > 1 and not parameter.many:
            _refuse(name, "It can be given once only.")
        for item in values:
            if "\0" in item:
                _refuse(name, "It may not have a NUL.")
            _check(name, item, parameter.schema)
        found[name] = values
    return found


def list_query(
    values: Mapping[str, Values],
    listing: Listing,
    *,
    max_limit: int,
    projects: Sequence[str] | None,
) -> ListQuery:
    """What `read` gave, as the database wants it.

    :param projects: as in `ListQuery`
    :raises PermanentError: INVALID_FIELD
    """
    since = None
    if "changes-since" in values:
        since = clock.parse_iso(values["changes-since"][0])
    return ListQuery(
        limit=limit(values, max_limit),
        marker=values.get("marker", [None])[0],
        sort=_sort(values.get("sort", ()), listing),
        filters={
            name: values[name] for name in listing.filters if name in values
        },
        tags=_tags(values, "tags"),
        tags_any=_tags(values, "tags-any"),
        not_tags=_tags(values, "not-tags"),
        not_tags_any=_tags(values, "not-tags-any"),
        changes_since=since,
        name_prefix=values.get("name_prefix", [""])[0],
        projects=projects,
    )


def limit(values: Mapping[str, Values], max_limit: int) -> int:
    """Items of a page: what was asked for, or the most that may be."""
    return min(int(values.get("limit", ["0"])[0]) or max_limit, max_limit)


def chosen_fields(
    values: Mapping[str, Values], known: Mapping[str, Any]
) -> Sequence[str]:
    """Names in ``fields``; empty for all.

    :raises PermanentError: INVALID_FIELD
    """
    names = _commas(values.get("fields", ()))
    for name in names:
        if name not in known:
            _refuse(
                "fields",
                f"There is no field {name[:64]}; the fields are: "
                f"{', '.join(sorted(known))}.",
            )
    return names


def boolean(values: Mapping[str, Values], name: str) -> bool:
    return values.get(name, ["false"])[0].lower() in ("true", "1")


def _commas(values: Values) -> list[str]:
    return [item for value in values for item in value.split(",") if item]


def _tags(values: Mapping[str, Values], name: str) -> list[str]:
    given = values.get(name, ())
    if sum(value.count(",") + 1 for value in given) > MAX_TAGS:
        _refuse(name, f"It must have {MAX_TAGS} or fewer tags.")
    return _commas(given)


def _sort(values: Values, listing: Listing) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    for item in _commas(values):
        key, _, direction = item.partition(":")
        if key not in listing.sorts or direction not in ("", "asc", "desc"):
            _refuse(
                "sort",
                f"It must be key:asc or key:desc, with a key of: "
                f"{', '.join(sorted(listing.sorts))}.",
            )
        if key not in [known for known, _ in found]:
            found.append((key, direction == "desc"))
    return found


def _check(name: str, value: str, schema: Mapping[str, Any]) -> None:
    if "enum" in schema and value not in schema["enum"]:
        _refuse(name, f"It must be one of: {', '.join(schema['enum'])}.")
    if schema.get("type") == "integer":
        # isdecimal also takes digits of other scripts, as int does.
        if not value.isdecimal() or len(value) > len(str(MAX_INTEGER)):
            _refuse(name, f"It must be an integer up to {MAX_INTEGER}.")
        if int(value) < schema["minimum"]:
            _refuse(name, f"It must be {schema['minimum']} or more.")
    if schema.get("format") == "uuid" and not _UUID.fullmatch(value):
        _refuse(name, "It must be a UUID.")
    if schema.get("format") == "date-time":
        try:
            clock.parse_iso(value)
        except (ValueError, OverflowError):
            _refuse(
                name,
                "It must be an ISO 8601 time, e.g. 2026-11-22T18:00:00Z.",
            )


def _refuse(name: str, sentence: str, reason: Any = INVALID_FIELD) -> NoReturn:
    validation.refuse({name: sentence}, "The query", reason)
