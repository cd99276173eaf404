"""The adapter against servers that misbehave, over real sockets."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from keystoneauth1.noauth import NoAuth
from keystoneauth1.session import Session

from servicevmclient import exceptions
from servicevmclient.v1._adapter import Adapter

Answer = tuple[int, dict[str, str], bytes] | None


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler], Answer],
) -> Iterator[str]:
    """A server that answers so; None: closes without an answer."""

    class Handler(BaseHTTPRequestHandler):
        wbufsize = -1

        def _handle(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            found = answer(self)
            if found is None:
                self.close_connection = True
                return
            status, headers, body = found
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _handle

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _adapter(url: str, **more: Any) -> Adapter:
    return Adapter(Session(auth=NoAuth(endpoint=url)), **more)


def _error(status: int, **more: Any) -> Answer:
    body = {"errors": [{"status": status, **more}]}
    headers = {"X-Openstack-Request-Id": "req-1"}
    return status, headers, json.dumps(body).encode()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, exceptions.BadRequest),
        (401, exceptions.AuthenticationFailed),
        (403, exceptions.Forbidden),
        (404, exceptions.NotFound),
        (409, exceptions.Conflict),
        (412, exceptions.PreconditionFailed),
        (413, exceptions.BadRequest),
        (422, exceptions.BadRequest),
        (500, exceptions.ServerError),
        (503, exceptions.ServerError),
    ],
)
def test_an_error_keeps_all_that_the_service_said(
    status: int, kind: type[exceptions.ApiError]
) -> None:
    answer = _error(
        status,
        code="c",
        title="T.",
        detail="D.",
        hint="H.",
        fields={"$.a": "x"},
        request_id="req-2",
    )
    with serving(lambda request: answer) as url:
        with pytest.raises(exceptions.ApiError) as caught:
            _adapter(url).request("GET", "/v1/devices")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.code, error.title) == (status, "c", "T.")
    assert (error.detail, error.hint) == ("D.", "H.")
    assert (error.fields, error.request_id) == ({"$.a": "x"}, "req-2")


@pytest.mark.parametrize(
    "body",
    [
        b"<html><h1>502 Bad Gateway</h1></html>",
        b'{"errors": []}',
        b'{"errors": ["x"]}',
        b"[1]",
        b"",
        b"\xff\xfe",
    ],
)
def test_an_error_of_something_in_between_is_told(body: bytes) -> None:
    answer: Answer = (502, {"X-Openstack-Request-Id": "req-1"}, body)
    with serving(lambda request: answer) as url:
        with pytest.raises(exceptions.ServerError) as caught:
            _adapter(url).request("GET", "/v1/devices")
    assert caught.value.title == "The answer was 502."
    assert caught.value.request_id == "req-1"


@pytest.mark.parametrize("body", [b"<html>login</html>", b"[]", b""])
def test_an_answer_that_is_no_object_is_an_error(body: bytes) -> None:
    answer: Answer = (200, {}, body)
    with serving(lambda request: answer) as url:
        with pytest.raises(exceptions.ServerError, match="not a JSON object"):
            _adapter(url).json("GET", "/v1/devices")


def test_a_post_whose_answer_is_lost_is_repeated_with_the_same_key() -> None:
    keys: list[str | None] = []

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        keys.append(request.headers.get("Idempotency-Key"))
        return None if len(keys) == 1 else (202, {}, b"{}")

    with serving(answer) as url:
        adapter = _adapter(url, connect_retries=1)
        adapter._adapter.connect_retry_delay = 0.01
        adapter.request("POST", "/v1/devices", body={})
        adapter.request("POST", "/v1/devices", body={})
    assert len(keys) == 3
    assert keys[0]
    assert keys[0] == keys[1] != keys[2]


def test_silence_is_bounded() -> None:
    done = threading.Event()

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        done.wait(30)
        return None

    with serving(answer) as url:
        adapter = _adapter(url, timeout=0.05, connect_retries=0)
        with pytest.raises(exceptions.ConnectionFailed, match="timed out"):
            adapter.request("GET", "/v1/devices")
        done.set()


def test_nobody_there_is_a_failed_connection() -> None:
    with serving(lambda request: None) as url:
        pass
    with pytest.raises(exceptions.ConnectionFailed) as caught:
        _adapter(url, connect_retries=0).request("GET", "/v1/devices")
    assert str(caught.value) == (
        f"Unable to establish connection to {url}/v1/devices: "
        "Connection refused."
    )
    assert "servicevm-standalone" in caught.value.hint


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
def test_an_endpoint_may_name_the_version(suffix: str) -> None:
    paths = []

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        paths.append(request.path)
        return 200, {}, b"{}"

    with serving(answer) as url:
        _adapter(url + suffix).request("GET", "/v1/devices")
    assert paths == ["/v1/devices"]


def test_the_microversion_is_asked_for_by_its_header() -> None:
    asked = []

    def answer(request: BaseHTTPRequestHandler) -> Answer:
        asked.append(request.headers.get("OpenStack-API-Version"))
        return 200, {}, b"{}"

    with serving(answer) as url:
        _adapter(url).request("GET", "/v1/devices")
        _adapter(url, api_version="1.0").request("GET", "/v1/devices")
    assert asked == [None, "servicevm 1.0"]


def test_no_endpoint_is_a_matter_of_configuration() -> None:
    with pytest.raises(exceptions.ConfigError):
        Adapter(Session(auth=NoAuth())).request("GET", "/v1/devices")
    with pytest.raises(exceptions.ConfigError):
        Adapter(Session()).request("GET", "/v1/devices")
