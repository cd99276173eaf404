"""Paging, sort, filters, tags, fields - through the API."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from falcon import testing

from tests.unit import database
from tests.unit.api import requests


@pytest.fixture
def devices(
    api: testing.TestClient, template: dict[str, Any]
) -> list[dict[str, Any]]:
    """Five of them: two pairs share a name, one has a name of its own."""
    return database.begun_with(
        "two pairs",
        lambda: [
            requests.create_device(api, template["id"], name=name, tags=tags)
            for name, tags in (
                ("b", ["red", "fast"]),
                ("a", ["red"]),
                ("b", ["blue", "fast"]),
                ("c", []),
                ("a", ["blue"]),
            )
        ],
    )


def _names(answer: testing.Result) -> str:
    return "".join(item["name"] for item in answer.json["devices"])


def _follow(
    api: testing.TestClient, url: str, rel: str
) -> Iterator[testing.Result]:
    """The page at `url` and those its links lead to."""
    while True:
        parts = urlsplit(url)
        answer = api.simulate_get(parts.path, query_string=parts.query)
        assert answer.status_code == 200, answer.text
        yield answer
        links = {
            link["rel"]: link["href"]
            for link in answer.json.get("devices_links", [])
        }
        if rel not in links:
            return
        url = links[rel]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", "babca"),
        ("created_at:desc", "acbab"),
        ("name", "aabbc"),
        ("name:desc", "cbbaa"),
        ("name:desc,created_at:desc", "cbbaa"),
        ("provisioning_status", None),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 7])
def test_pages_are_complete_in_order_and_lead_back(
    api: testing.TestClient,
    devices: list[dict[str, Any]],
    sort: str,
    order: str | None,
    limit: int,
) -> None:
    url = f"/v1/devices?limit={limit}" + (f"&sort={sort}" if sort else "")
    pages = list(_follow(api, url, "next"))
    forward = [[item["id"] for item in page.json["devices"]] for page in pages]
    assert all(len(page) == limit for page in forward[:-1])
    ids = [item for page in forward for item in page]
    assert sorted(ids) == sorted(item["id"] for item in devices)
    if order is not None:
        assert "".join(map(_names, pages)) == order
    last = f"{url}&marker={forward[-2][-1]}" if len(forward) > 1 else url
    back = [
        [item["id"] for item in page.json["devices"]]
        for page in _follow(api, last, "previous")
    ]
    assert back[::-1] == forward


def test_a_page_is_not_shifted_by_what_comes_and_goes(
    api: testing.TestClient, devices: list[dict[str, Any]]
) -> None:
    first = api.simulate_get("/v1/devices?limit=2&sort=name")
    assert _names(first) == "aa"
    requests.create_device(api, devices[0]["template_id"], name="0")
    link = urlsplit(first.json["devices_links"][0]["href"])
    second = api.simulate_get(link.path, query_string=link.query)
    assert _names(second) == "bb"


def test_the_services_limit_holds(
    api: testing.TestClient, devices: list[dict[str, Any]], conf: Any
) -> None:
    from servicevm.api import app
    from tests.unit.api.conductor import RecordingConductor

    conf.set_override("max_limit", 2, group="api")
    small = testing.TestClient(app.build(conf, RecordingConductor()))
    for query in ("", "limit=1000"):
        answer = small.simulate_get("/v1/devices", query_string=query)
        assert len(answer.json["devices"]) == 2
        assert answer.json["devices_links"][0]["rel"] == "next"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name=a", "aa"),
        ("name=a&name=c", "aca"),
        ("name=none", ""),
        ("provisioning_status=PENDING_CREATE", "babca"),
        ("provisioning_status=ACTIVE", ""),
        ("operating_status=UNKNOWN&name=c", "c"),
        ("tags=red", "ba"),
        ("tags=red,fast", "b"),
        ("tags-any=red,fast", "bab"),
        ("not-tags=red,fast", "abca"),
        ("not-tags-any=red,fast", "ca"),
        ("tags=fast&not-tags=red", "b"),
        ("changes-since=2000-01-01T00:00:00Z", "babca"),
        ("changes-since=2100-01-01", ""),
    ],
)
def test_filters(
    api: testing.TestClient,
    devices: list[dict[str, Any]],
    query: str,
    names: str,
) -> None:
    assert _names(api.simulate_get(f"/v1/devices?{query}")) == names


def test_several_are_asked_for_by_id(
    api: testing.TestClient, devices: list[dict[str, Any]]
) -> None:
    first, other, *_ = (item["id"] for item in devices)
    query = f"id={other}&id={first.upper()}&id={requests.UNKNOWN}"
    found = api.simulate_get(f"/v1/devices?{query}").json["devices"]
    assert [item["id"] for item in found] == [first, other]
    for path in ("device-templates", "services", "operations"):
        answer = api.simulate_get(f"/v1/{path}?id={requests.UNKNOWN}")
        assert answer.json == {path.replace("-", "_"): []}
    requests.refused(
        api.simulate_get("/v1/devices?id=d1"), 400, "invalid_field"
    )


NAMES = ("lb", "LB", "lb-1", "lb_1", "lb%", "l", "lc", "lb\U0010ffff", "lbé ")


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("", {*NAMES}),
        ("lb", {*NAMES} - {"LB", "l", "lc"}),
        ("lb-", {"lb-1"}),
        ("lb%", {"lb%"}),
        ("lb_", {"lb_1"}),
        ("l_", set()),
        ("lb\U0010ffff", {"lb\U0010ffff"}),
        ("lbé", {"lbé "}),
        ("lbé ", {"lbé "}),
        ("lbe", set()),
        ("lb\\", set()),
        ("x" * 300, set()),
    ],
)
def test_names_that_begin_with_a_text(
    api: testing.TestClient,
    template: dict[str, Any],
    prefix: str,
    names: set[str],
) -> None:
    for name in NAMES:
        requests.create_device(api, template["id"], name=name)
    for more in ({}, {"sort": "name"}, {"all_projects": "true"}):
        answer = api.simulate_get(
            "/v1/devices", params={"name_prefix": prefix, **more}
        )
        assert answer.status_code == 200, answer.text
        found = [item["name"] for item in answer.json["devices"]]
        assert set(found) == names
        assert len(found) == len(names)


def test_a_link_keeps_the_query(
    api: testing.TestClient, devices: list[dict[str, Any]]
) -> None:
    url = "/v1/devices?limit=1&name=a&name=b&tags-any=red,blue&fields=name,id"
    pages = list(_follow(api, url, "next"))
    assert "".join(map(_names, pages)) == "baba"
    assert all(
        page.json["devices"][0].keys() == {"name", "id"} for page in pages
    )


def test_fields_of_one_resource(
    api: testing.TestClient, devices: list[dict[str, Any]]
) -> None:
    answer = api.simulate_get(f"/v1/devices/{devices[0]['id']}?fields=name")
    assert answer.json == {"device": {"name": "b"}}
