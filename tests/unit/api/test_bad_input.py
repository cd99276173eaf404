"""Whatever is sent, the answer is one sentence about one thing."""

import json
from typing import Any

import pytest
from falcon import testing

from tests.unit.api import requests

_JSON = {"Content-Type": "application/json"}
_TEMPLATE = requests.UNKNOWN


@pytest.mark.parametrize(
    ("body", "path", "sentence", "code"),
    [
        pytest.param(
            {},
            "$.device",
            "This field is required.",
            "invalid_field",
            id="no envelope",
        ),
        pytest.param(
            {"device": {}, "server": {}},
            "$.server",
            "There is no such field; those here are: device.",
            "invalid_field",
            id="two envelopes",
        ),
        pytest.param(
            {"device": {"name": "d"}},
            "$.device.template_id",
            "This field is required.",
            "invalid_field",
            id="missing",
        ),
        pytest.param(
            {"device": {"name": "d", "template_id": _TEMPLATE, "ram": 1}},
            "$.device.ram",
            "There is no such field; those here are: description, "
            "interfaces, name, project_id, properties, tags, template_id.",
            "unknown_field",
            id="unknown",
        ),
        pytest.param(
            {"device": {"name": 7, "template_id": _TEMPLATE}},
            "$.device.name",
            "It must be a string, not an integer.",
            "invalid_field",
            id="wrong type",
        ),
        pytest.param(
            {"device": {"name": "", "template_id": _TEMPLATE}},
            "$.device.name",
            "It must have 1 or more characters.",
            "invalid_field",
            id="empty name",
        ),
        pytest.param(
            {"device": {"name": "n" * 256, "template_id": _TEMPLATE}},
            "$.device.name",
            "It must have 255 or fewer characters.",
            "invalid_field",
            id="long name",
        ),
        pytest.param(
            {"device": {"name": "\x1b[2J", "template_id": _TEMPLATE}},
            "$.device.name",
            "It may not have line breaks or other control characters.",
            "invalid_field",
            id="terminal control",
        ),
        pytest.param(
            {"device": {"name": "\x9b2J", "template_id": _TEMPLATE}},
            "$.device.name",
            "It may not have line breaks or other control characters.",
            "invalid_field",
            id="terminal control of 8 bits",
        ),
        pytest.param(
            {"device": {"name": "a\u2028b", "template_id": _TEMPLATE}},
            "$.device.name",
            "It may not have line breaks or other control characters.",
            "invalid_field",
            id="line separator",
        ),
        pytest.param(
            {
                "device": {
                    "name": "d",
                    "template_id": _TEMPLATE,
                    "tags": ["a", "a"],
                }
            },
            "$.device.tags",
            "No two items may be the same.",
            "invalid_field",
            id="double tag",
        ),
        pytest.param(
            {
                "device": {
                    "name": "d",
                    "template_id": _TEMPLATE,
                    "tags": ["a,b"],
                }
            },
            "$.device.tags[0]",
            "It may not have commas, slashes or control characters.",
            "invalid_field",
            id="comma in tag",
        ),
        pytest.param(
            {
                "device": {
                    "name": "d",
                    "template_id": _TEMPLATE,
                    "properties": {"k": 1},
                }
            },
            "$.device.properties.k",
            "It must be a string, not an integer.",
            "invalid_field",
            id="number as property",
        ),
    ],
)
def test_a_field_is_named_by_its_path(
    api: testing.TestClient,
    body: dict[str, Any],
    path: str,
    sentence: str,
    code: str,
) -> None:
    answer = api.simulate_post("/v1/devices", json=body)
    error = requests.refused(answer, 400, code)
    assert error["fields"][path] == sentence
    assert api.simulate_get("/v1/devices").json == {"devices": []}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"{'a': 1}",
        b'{"device": NaN}',
        b'{"device": {"name": "a", "name": "b"}}',
        b'{"device": {"name": "\xff"}}',
        b'{"device": {"name": "\\ud800"}}',
        b"[" * 200_000,
        b'{"device": ' * 50_000,
        b'{"device": ' + b"9" * 5000 + b"}",
        b'{"device": {"tags": [%(one)s, %(one)s]}}'
        % {b"one": b"[" * 300 + b"]" * 300},
    ],
    ids=[
        "empty",
        "cut off",
        "a list",
        "a text",
        "null",
        "single quotes",
        "NaN",
        "a field twice",
        "no UTF-8",
        "half a surrogate pair",
        "deep list",
        "deep object",
        "huge number",
        "rather deep list",
    ],
)
def test_what_is_not_a_json_object_is_refused(
    api: testing.TestClient, raw: bytes
) -> None:
    answer = api.simulate_post("/v1/devices", body=raw, headers=_JSON)
    error = requests.refused(answer, 400, "bad_json")
    assert "sys." not in error["detail"]


@pytest.mark.parametrize(
    "media", ["text/plain", "application/x-www-form-urlencoded", ""]
)
def test_what_is_not_said_to_be_json_is_refused(
    api: testing.TestClient, media: str
) -> None:
    answer = api.simulate_post(
        "/v1/devices",
        body=b'{"device": {}}',
        headers={"Content-Type": media},
    )
    requests.refused(answer, 415, "unsupported_media_type")


def test_a_charset_does_no_harm(
    api: testing.TestClient, template: dict[str, Any]
) -> None:
    body = {"device": {"name": "Gerät", "template_id": template["id"]}}
    answer = api.simulate_post(
        "/v1/devices",
        body=json.dumps(body, ensure_ascii=False).encode(),
        headers={"Content-Type": "application/json; charset=utf-8"},
    )
    assert answer.json["device"]["name"] == "Gerät"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_refused(
    api: testing.TestClient, chunked: bool
) -> None:
    headers = dict(_JSON)
    if chunked:
        headers |= {"Transfer-Encoding": "chunked", "Content-Length": ""}
    answer = api.simulate_post(
        "/v1/devices", body=b" " * (10 << 20), headers=headers
    )
    error = requests.refused(answer, 413, "body_too_large")
    assert "1048576" in error["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/v1/nowhere", 404, "not_found"),
        ("GET", f"/v1/devices/{requests.UNKNOWN}", 404, "not_found"),
        ("GET", "/v1/devices/%00", 404, "not_found"),
        (
            "GET",
            f"/v1/devices/{requests.UNKNOWN}/console-log",
            404,
            "not_found",
        ),
        ("DELETE", f"/v1/devices/{requests.UNKNOWN}", 404, "not_found"),
        ("GET", f"/v1/services/{requests.UNKNOWN}", 404, "not_found"),
        ("GET", f"/v1/services/{requests.UNKNOWN}/stats", 404, "not_found"),
        ("GET", f"/v1/operations/{requests.UNKNOWN}", 404, "not_found"),
        ("POST", f"/v1/operations/{requests.UNKNOWN}/retry", 404, "not_found"),
        ("PUT", "/v1/devices", 405, "method_not_allowed"),
        ("DELETE", "/v1/devices", 405, "method_not_allowed"),
        ("POST", "/v1/events", 405, "method_not_allowed"),
    ],
)
def test_what_is_not_there_answers_in_the_same_form(
    api: testing.TestClient, method: str, path: str, status: int, code: str
) -> None:
    answer = api.simulate_request(method, path)
    requests.refused(answer, status, code)
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=²", "limit"),
        ("limit=99999999999999999999", "limit"),
        pytest.param(f"limit={'0' * 10}{'1' * 5000}", "limit", id="digits"),
        pytest.param(f"tags={'a,' * 50}a", "tags", id="51 tags"),
        pytest.param(
            f"not-tags-any={'a,' * 50}a", "not-tags-any", id="51 other tags"
        ),
        ("limit=1&limit=2", "limit"),
        (f"marker={requests.UNKNOWN}", "marker"),
        ("sort=shape", "sort"),
        ("sort=name:up", "sort"),
        ("colour=red", "colour"),
        ("provisioning_status=FINE", "provisioning_status"),
        ("template_id=7", "template_id"),
        ("fields=id,shape", "fields"),
        ("changes-since=yesterday", "changes-since"),
        ("all_projects=perhaps", "all_projects"),
    ],
)
def test_a_query_is_checked_by_name_and_value(
    api: testing.TestClient, query: str, name: str
) -> None:
    answer = api.simulate_get("/v1/devices", query_string=query)
    assert answer.status_code == 400
    (error,) = answer.json["errors"]
    assert list(error["fields"]) == [name]


def test_a_failure_of_the_service_tells_nothing_but_its_id(
    api: testing.TestClient,
    device: dict[str, Any],
    conductor: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    conductor.refusal = RuntimeError("secret of the house")
    answer = api.simulate_get(f"/v1/devices/{device['id']}/console-log")
    error = requests.refused(answer, 500, "internal_error")
    assert "secret" not in answer.text
    assert "Traceback" in caplog.text
    assert "secret of the house" in caplog.text
    assert error["request_id"] in caplog.text
