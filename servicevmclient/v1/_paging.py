"""Pages of a list, one after the other."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from servicevmclient import exceptions

#: asks for one page: query parameters to the answer
Fetch = Callable[[list[tuple[str, str]]], Mapping[str, Any]]


def items(
    fetch: Fetch, plural: str, query: Mapping[str, Any], max_items: int | None
) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages; ask for a page when it is needed.

    :param plural: the envelope's key; ``<plural>_links`` has the next page
    :param query: a value that is a list is sent once per item
    :param max_items: end after so many
    """
    if max_items is not None and max_items <= 0:
        return
    params = pairs(query)
    count = 0
    while True:
        page = fetch(params)
        for item in page.get(plural, ()):
            yield item
            count += 1
            if count == max_items:
                return
        following = linked(page, plural, "next")
        if following is None:
            return
        if following == params:
            raise exceptions.ServerError(
                f"The list of {plural} has a page that leads to itself.",
            )
        params = following


def pairs(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Query parameters in the API's spelling; None leaves one out."""
    found = []
    for key, value in query.items():
        values = value if isinstance(value, list | tuple) else [value]
        # "tags_any" in Python is "tags-any" in the API.
        key = _SPELLING.get(key, key)
        for one in values:
            if one is not None:
                text = str(one)
                if isinstance(one, bool):
                    text = text.lower()
                found.append((key, text))
    return found


_SPELLING = {
    "tags_any": "tags-any",
    "not_tags": "not-tags",
    "not_tags_any": "not-tags-any",
    "changes_since": "changes-since",
}


def linked(
    page: Mapping[str, Any], plural: str, rel: str
) -> list[tuple[str, str]] | None:
    """Query of the page that a page names as its ``next`` or ``previous``.

    Only the query is taken from the link: behind a proxy its host may be
    one that we cannot reach, and credentials go nowhere else.
    """
    for link in page.get(f"{plural}_links", ()):
        if link.get("rel") == rel:
            return parse_qsl(
                urlsplit(link["href"]).query, keep_blank_values=True
            )
    return None


def marker(page: Mapping[str, Any], plural: str, rel: str) -> str | None:
    """Marker of the page that a page names; "" for the first, None: none."""
    query = linked(page, plural, rel)
    return None if query is None else dict(query).get("marker", "")
