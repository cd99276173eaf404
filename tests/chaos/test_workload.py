"""What users of the chaos test may rely on, and may not be surprised by."""

import io
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from falcon import testing

from servicevm.api import app
from servicevm.db import api as db
from tests.chaos.client import Client, Traffic
from tests.chaos.workload import Device, Ledger, Service, Worker
from tests.unit import database
from tests.unit.api import requests
from tests.unit.api.conductor import RecordingConductor


class Paused:
    """Two APIs, of which one is stopped with a PATCH in its hands: its
    client is told that nobody is there, and asks the other."""

    def __init__(self, application: Any) -> None:
        self._app = application
        self._held: dict[str, Any] | None = None
        self.late: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "PATCH" and self._held is None:
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            self._held = {**environ, "wsgi.input": io.BytesIO(body)}
            start("503 Service Unavailable", [("Content-Length", "0")])
            return []
        return self._app(environ, start)

    def go_on(self) -> None:
        """It does what it has not heard anybody give up."""
        self._app(self._held, lambda status, headers: self.late.append(status))


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nobody reads it."""


class Dice(random.Random):
    """Falls so that nothing is done twice."""

    def random(self) -> float:
        return 0.9


@pytest.fixture
def conductor() -> RecordingConductor:
    return RecordingConductor()


@pytest.fixture
def api(tmp_path: Path, conductor: RecordingConductor) -> Iterator[Any]:
    conf = database.configured(tmp_path)
    conf.set_override("auth_strategy", "none", group="api")
    db.sync(conf)
    db.configure(conf)
    yield app.build(conf, conductor)
    db.dispose()


def test_a_try_that_was_given_up_is_not_accepted_later(api: Any) -> None:
    direct = testing.TestClient(api)
    template = requests.create_template(direct)
    device = requests.create_device(direct, template["id"])
    made = requests.create_service(direct, device["id"])
    service = Service(made["id"], 1, made["config"])
    paused = Paused(api)
    server = make_server("127.0.0.1", 0, paused, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    dice, ledger = Dice(), Ledger()
    worker = Worker(
        "w",
        dice,
        lambda: Client(
            f"http://127.0.0.1:{server.server_port}", "t", Traffic(), dice
        ),
        [template["id"]],
        ledger,
    )
    worker.devices[device["id"]] = Device(
        device["id"], "d", 1, {service.id: service}
    )
    try:
        worker.update_service()
        worker.update_service()
        paused.go_on()
        worker.update_service()
    finally:
        worker.close()
        server.shutdown()
        thread.join()
        server.server_close()
    assert ledger.broken == []
    assert paused.late == ["412 Precondition Failed"]
    shown = direct.simulate_get(f"/v1/services/{service.id}").json["service"]
    assert (shown["generation"], shown["config"]) == (4, service.config)
