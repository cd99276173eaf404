"""Lists of rows: filters, tags, sort and paging, written once.

Paging is by key: a page begins after the row that `marker` names, or the
place that a link's marker holds, so that rows that come, go or change between
two pages shift nothing. A page costs at most three queries, whatever its size
and whatever belongs to its rows.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import orm

from servicevm.db import marker, packed, prefix
from servicevm.db.models import Tag

Column = Any  # orm.InstrumentedAttribute of any type

_TAG = Tag.__table__.c


@dataclass(frozen=True, eq=False)
class Listing:
    """What a kind of row can be listed by.

    :param filters: query parameter to the column that must equal it
    :param sorts: key to column; every column is NOT NULL
    :param default: sort where none is asked for: key, whether descending
    :param changed: column that ``changes-since`` looks at
    :param unseen: columns that nobody is shown: they are not read
    :param parts: what belongs to a row and is in other tables: attribute to
        subquery, see `servicevm.db.packed.part`
    """

    model: Any
    filters: Mapping[str, Column]
    sorts: Mapping[str, Column]
    default: tuple[str, bool] = ("created_at", False)
    changed: Column | None = None
    tagged: bool = True
    unseen: Sequence[Column] = ()
    parts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ListQuery:
    """What is asked for.

    :param filters: parameter to the values of which one must match
    :param name_prefix: only rows whose name begins so
    :param projects: only rows of one of these; None for those of all
    :param changes_since: microseconds
    :param where: further conditions
    :param either: conditions of which at least one must hold, if there are
        any; each is looked for by itself, so that each goes by an index
    """

    limit: int
    marker: str | None = None
    sort: Sequence[tuple[str, bool]] = ()
    filters: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    tags: Sequence[str] = ()
    tags_any: Sequence[str] = ()
    not_tags: Sequence[str] = ()
    not_tags_any: Sequence[str] = ()
    changes_since: int | None = None
    name_prefix: str = ""
    projects: Sequence[str] | None = None
    where: Sequence[Any] = ()
    either: Sequence[Any] = ()


@dataclass(frozen=True)
class Page:
    """Rows, and where the pages beside it begin.

    :param rows: each with the attributes of the model, its parts and, where
        it has some, its unsorted `tags` or None; read-only
    :param next: marker of the next page, or None at the end
    :param previous: marker of the page before; "" where that is the first;
        None where there is none
    """

    rows: Sequence[Any]
    next: str | None
    previous: str | None


class UnknownMarker(Exception):
    """The marker names no row of the list."""


def page(session: orm.Session, listing: Listing, query: ListQuery) -> Page:
    """Read one page.

    :raises UnknownMarker: if `query.marker` names no row and no place
    """
    keys = _total(
        listing,
        [
            (_plain(listing.sorts[key]), down)
            for key, down in (query.sort or [listing.default])
        ],
    )
    conditions = _conditions(listing, query)
    forward = conditions
    if query.marker:
        after: Any = marker.decode(keys, query.marker)
        if after is None:
            after = session.execute(
                sa.select(*(column for column, _ in keys)).where(
                    _plain(listing.model.id) == query.marker,
                    *_scope(listing, query),
                )
            ).first()
        if after is None:
            raise UnknownMarker(query.marker)
        forward = [*conditions, _after(keys, after)]
    # The ids first, from an index alone: MariaDB else reads every row from
    # the project's first on.
    ids = _ids(listing, query, forward, keys).subquery()
    reads = _reads(listing)
    found = session.execute(
        sa.select(*reads.selected)
        .join(ids, ids.c.id == _plain(listing.model.id))
        .order_by(*_order(keys))
    ).all()
    rows = [reads.read(row) for row in found]
    next_marker = None
    if len(rows) > query.limit:
        next_marker = marker.encode(keys, rows[query.limit - 1])
    rows = rows[: query.limit]
    previous = None
    if query.marker and rows:
        back = [(column, not down) for column, down in keys]
        before = session.scalars(
            _ids(listing, query, [*conditions, _after(back, rows[0])], back)
        ).all()
        if len(before) > query.limit:
            previous = before[query.limit]
        elif before:
            previous = ""
    return Page(rows, next_marker, previous)


def one(session: orm.Session, listing: Listing, resource_id: str) -> Any:
    """Read one row, as those of a page; None if there is none."""
    found = session.execute(_one(listing), {"id": resource_id}).first()
    return None if found is None else _reads(listing).read(found)


@functools.cache
def _one(listing: Listing) -> sa.Select[Any]:
    return sa.select(*_reads(listing).selected).where(
        _plain(listing.model.id) == sa.bindparam("id")
    )


def set_tags(
    session: orm.Session, resource_id: str, tags: Sequence[str]
) -> None:
    """Make these the tags of the resource."""
    session.execute(sa.delete(Tag).where(Tag.resource_id == resource_id))
    session.add_all(
        Tag(resource_id=resource_id, tag=tag) for tag in sorted(set(tags))
    )


def _plain(column: Column) -> sa.Column[Any]:
    """The table's column: rows of such cost half of the model's."""
    found: sa.Column[Any] = column.property.columns[0]
    return found


def _ids(
    listing: Listing,
    query: ListQuery,
    conditions: Sequence[Any],
    keys: Sequence[tuple[sa.Column[Any], bool]],
) -> sa.Select[Any]:
    """The ids of a page's rows, and of one more."""
    first = _plain(listing.model.id).label("id")
    if not query.either:
        return _first(sa.select(first), conditions, keys, query.limit)
    names = [f"key_{number}" for number in range(len(keys))]
    columns = [
        column.label(name)
        for name, (column, _) in zip(names, keys, strict=True)
    ]
    # As many of each, found by its index; of those the first of all.
    found = sa.union(
        *(
            sa.select(
                _first(
                    sa.select(first, *columns),
                    [*conditions, condition],
                    keys,
                    query.limit,
                ).subquery()
            )
            for condition in query.either
        )
    ).subquery()
    ordered = [
        (found.c[name], down)
        for name, (_, down) in zip(names, keys, strict=True)
    ]
    return _first(sa.select(found.c.id), (), ordered, query.limit)


def _first(
    rows: sa.Select[Any],
    conditions: Sequence[Any],
    keys: Sequence[tuple[sa.ColumnElement[Any], bool]],
    limit: int,
) -> sa.Select[Any]:
    return rows.where(*conditions).order_by(*_order(keys)).limit(limit + 1)


@functools.cache
def _reads(listing: Listing) -> packed.Rows:
    """How the listing's rows are read, under the model's names."""
    unseen = {column.key for column in listing.unseen}
    columns = {
        item.key: item.columns[0]
        for item in sa.inspect(listing.model).column_attrs
        if item.key not in unseen
    }
    parts = dict(listing.parts)
    if listing.tagged:
        parts["tags"] = packed.part(
            packed.gathered(_TAG.tag),
            listing.model.__table__,
            _TAG.resource_id == _plain(listing.model.id),
        )
    return packed.Rows(columns, parts)


def _total(
    listing: Listing, keys: Sequence[tuple[sa.Column[Any], bool]]
) -> list[tuple[sa.Column[Any], bool]]:
    """The keys and what makes their order total: age, and the id.

    These go the way of the last key, so that an index of all has the order.
    """
    found = [*keys]
    for name in ("seq", "id"):
        column = getattr(listing.model, name, None)
        if column is None:
            continue
        if _plain(column) not in [known for known, _ in found]:
            found.append((_plain(column), keys[-1][1]))
        if _plain(column).primary_key:
            break
    return found


def _order(
    keys: Sequence[tuple[sa.ColumnElement[Any], bool]],
) -> list[Any]:
    return [column.desc() if down else column.asc() for column, down in keys]


def _after(keys: Sequence[tuple[sa.Column[Any], bool]], row: Any) -> Any:
    """Rows that come after `row`: one key differs, those before are equal."""
    branches = []
    equal: list[Any] = []
    for column, down in keys:
        value = getattr(row, str(column.key))
        later = column < value if down else column > value
        branches.append(sa.and_(*equal, later))
        equal.append(column == value)
    # MariaDB seeks to what the branches say, SQLite and PostgreSQL to a row
    # value or a single bound; either follows from the other.
    first, down = keys[0]
    seek: Any = first
    bound: Any = getattr(row, str(first.key))
    if all(other == down for _, other in keys):
        seek = sa.tuple_(*(column for column, _ in keys))
        bound = tuple(getattr(row, str(column.key)) for column, _ in keys)
    return sa.and_(seek <= bound if down else seek >= bound, sa.or_(*branches))


def _scope(listing: Listing, query: ListQuery) -> list[Any]:
    if query.projects is None:
        return []
    return [_any_of(listing.model.project_id, query.projects)]


def _any_of(column: Column, values: Sequence[Any]) -> Any:
    plain = _plain(column)
    return plain == values[0] if len(values) == 1 else plain.in_(values)


def _conditions(listing: Listing, query: ListQuery) -> list[Any]:
    found = [*_scope(listing, query), *query.where]
    for name, values in query.filters.items():
        found.append(_any_of(listing.filters[name], values))
    if query.name_prefix:
        found += prefix.matches(_plain(listing.model.name), query.name_prefix)
    if query.changes_since is not None and listing.changed is not None:
        found.append(_plain(listing.changed) >= query.changes_since)
    if listing.tagged:
        found += _tag_conditions(_plain(listing.model.id), query)
    return found


def _tag_conditions(owner: Column, query: ListQuery) -> list[Any]:
    def any_of(tags: Sequence[str]) -> Any:
        return sa.exists().where(_TAG.resource_id == owner, _TAG.tag.in_(tags))

    def all_of(tags: Sequence[str]) -> Any:
        return sa.and_(*(any_of([tag]) for tag in tags))

    found = []
    if query.tags:
        found.append(all_of(query.tags))
    if query.tags_any:
        found.append(any_of(query.tags_any))
    if query.not_tags:
        found.append(sa.not_(all_of(query.not_tags)))
    if query.not_tags_any:
        found.append(sa.not_(any_of(query.not_tags_any)))
    return found
