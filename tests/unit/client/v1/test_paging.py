from collections.abc import Mapping
from typing import Any

import pytest

from servicevmclient.exceptions import ServerError
from servicevmclient.v1 import _paging


class Pages:
    """Three pages of two things; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[tuple[str, str]]] = []

    def __call__(self, params: list[tuple[str, str]]) -> Mapping[str, Any]:
        self.asked.append(params)
        start = int(dict(params).get("marker", "0"))
        page: dict[str, Any] = {
            "things": [{"id": start + 1}, {"id": start + 2}]
        }
        if start < 4:
            href = (
                f"http://inside:1/v1/things?tags=a&tags=b&marker={start + 2}"
            )
            page["things_links"] = [{"rel": "next", "href": href}]
        return page


def test_all_pages_are_followed() -> None:
    found = list(_paging.items(Pages(), "things", {}, None))
    assert [item["id"] for item in found] == [1, 2, 3, 4, 5, 6]


def test_of_a_link_only_the_query_is_used() -> None:
    pages = Pages()
    list(_paging.items(pages, "things", {"tags": ["a", "b"]}, None))
    assert pages.asked[0] == [("tags", "a"), ("tags", "b")]
    assert pages.asked[1] == [("tags", "a"), ("tags", "b"), ("marker", "2")]


@pytest.mark.parametrize(
    ("most", "asked"), [(0, 0), (1, 1), (2, 1), (3, 2), (99, 3)]
)
def test_no_page_is_asked_for_that_is_not_needed(
    most: int, asked: int
) -> None:
    pages = Pages()
    found = list(_paging.items(pages, "things", {}, most))
    assert len(found) == min(most, 6)
    assert len(pages.asked) == asked


def test_a_page_that_leads_to_itself_ends() -> None:
    def fetch(params: list[tuple[str, str]]) -> Mapping[str, Any]:
        links = [{"rel": "next", "href": "/v1/things?marker=1"}]
        return {"things": [], "things_links": links}

    with pytest.raises(ServerError):
        list(_paging.items(fetch, "things", {}, None))


def test_query_is_spelt_as_the_api_does() -> None:
    query = {
        "tags_any": "a,b",
        "changes_since": None,
        "all_projects": True,
        "limit": 1,
        "sort": ["name:asc", "id"],
    }
    assert _paging.pairs(query) == [
        ("tags-any", "a,b"),
        ("all_projects", "true"),
        ("limit", "1"),
        ("sort", "name:asc"),
        ("sort", "id"),
    ]
