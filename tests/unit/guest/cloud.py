"""A Keystone and a Glance on one loopback port, as much as uploads need."""

import hashlib
import json
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PROJECT = uuid.uuid4().hex


class Cloud:
    """:ivar images: id to what Glance says of it, in the order of making
    :ivar asked: ``(method, path)`` of everything that Glance was asked
    :ivar cut: of the next upload only so many bytes are taken
    :ivar spoil: the next upload's content is changed on its way
    """

    def __init__(self) -> None:
        self.images: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.cut: int | None = None
        self.spoil = False
        cloud = self

        class Handler(_Handler):
            house = cloud

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,)
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def auth(self) -> dict[str, str]:
        return {
            "auth_url": f"{self.url}/v3",
            "username": "servicevm",
            "password": "secret",
            "project_name": "service",
            "user_domain_name": "Default",
            "project_domain_name": "Default",
        }

    def add(self, **values: Any) -> dict[str, Any]:
        """An image that is there before."""
        made = {
            "id": str(uuid.uuid4()),
            "owner": PROJECT,
            "status": "queued",
            "tags": [],
            "created_at": f"2026-11-30T12:00:{len(self.images):02}Z",
            **values,
        }
        self.images[made["id"]] = made
        return made

    def writes(self) -> list[str]:
        """What changed something: method and last part of the path."""
        return [
            f"{method} {path.rpartition('/')[2]}"
            for method, path in self.asked
            if method != "GET"
        ]


class _Handler(BaseHTTPRequestHandler):
    house: Cloud
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Tests look at `asked`."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path in ("/v3", "/v3/"):
            link = {"rel": "self", "href": f"{self.house.url}/v3/"}
            version = {"id": "v3.14", "status": "stable", "links": [link]}
            self._json(200, {"version": version})
        elif parts.path in ("/image", "/image/"):
            link = {"rel": "self", "href": f"{self.house.url}/image/v2/"}
            version = {"id": "v2.15", "status": "CURRENT", "links": [link]}
            self._json(300, {"versions": [version]})
        elif parts.path == "/image/v2/images":
            self._asked()
            asked = parse_qs(parts.query)
            found = [
                image
                for image in self.house.images.values()
                if all(tag in image["tags"] for tag in asked.get("tag", []))
                and image.get("name") in asked.get("name", [image.get("name")])
            ]
            self._json(200, {"images": found})
        else:
            self._asked()
            self._json(200, self._image())

    def do_POST(self) -> None:
        if self.path == "/v3/auth/tokens":
            self._body()
            endpoint = {
                "interface": "public",
                "region_id": "RegionOne",
                "url": f"{self.house.url}/image",
            }
            token = {
                "methods": ["password"],
                "expires_at": "2100-01-01T00:00:00.000000Z",
                "project": {"id": PROJECT, "name": "service"},
                "catalog": [{"type": "image", "endpoints": [endpoint]}],
            }
            self._json(201, {"token": token}, **{"X-Subject-Token": "token"})
            return
        self._asked()
        self._json(201, self.house.add(**json.loads(self._body())))

    def do_PATCH(self) -> None:
        self._asked()
        image = self._image()
        for change in json.loads(self._body()):
            assert change["op"] in ("add", "replace"), change
            image[change["path"].removeprefix("/")] = change["value"]
        self._json(200, image)

    def do_PUT(self) -> None:
        self._asked()
        image = self._image()
        if self.path.endswith("/file"):
            if self.house.cut is not None:
                self.rfile.read(self.house.cut)
                self.house.cut = None
                self.connection.close()
                self.close_connection = True
                return
            data = self._body()
            if self.house.spoil:
                data = data[:-1] + b"?"
            image |= {
                "status": "active",
                "size": len(data),
                "os_hash_algo": "sha512",
                "os_hash_value": hashlib.sha512(data).hexdigest(),
            }
        else:
            image["tags"].append(self.path.rpartition("/")[2])
        self._end(204)

    def do_DELETE(self) -> None:
        self._asked()
        del self.house.images[self._image()["id"]]
        self._end(204)

    def _asked(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/image/v2")
        self.house.asked.append((self.command, path))

    def _image(self) -> dict[str, Any]:
        return self.house.images[urlsplit(self.path).path.split("/")[4]]

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def _json(self, status: int, content: Any, **headers: str) -> None:
        self._end(status, json.dumps(content).encode(), **headers)

    def _end(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
