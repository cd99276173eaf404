"""A project's member who makes, changes and deletes things of their own.

What was accepted last is remembered, and has to be so in the end.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.client import Answer, Client, NoAnswer

__all__ = ["Accepted", "Device", "Ledger", "Service", "Worker"]

#: Most devices of one worker, and services of one device.
DEVICES = 5
SERVICES = 3
#: Most times that something changes while it is about to be changed.
CHANGES = 100
#: Kind to how often it is chosen, where it can be.
WEIGHTS = {
    "create_device": 4,
    "create_service": 6,
    "update_service": 8,
    "reboot": 2,
    "delete_service": 3,
    "delete_device": 2,
}


@dataclass
class Service:
    """What its user wants it to be."""

    id: str
    generation: int
    config: dict[str, Any]


@dataclass
class Device:
    """:param tries: POSTs that were sent for it, all with one key"""

    id: str
    name: str
    tries: int
    services: dict[str, Service] = field(default_factory=dict)


@dataclass(frozen=True)
class Accepted:
    """A change that the service has promised to make."""

    operation_id: str
    kind: str
    resource_id: str


class Ledger:
    """What all workers were promised. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.accepted: list[Accepted] = []
        self.refused: dict[str, int] = {}
        self.replayed = 0
        self.names: list[str] = []
        self.broken: list[str] = []

    def accept(self, kind: str, operation_id: str, resource_id: str) -> None:
        with self._lock:
            self.accepted.append(Accepted(operation_id, kind, resource_id))

    def refuse(self, kind: str) -> None:
        with self._lock:
            self.refused[kind] = self.refused.get(kind, 0) + 1

    def named(self, name: str) -> None:
        with self._lock:
            self.names.append(name)

    def replay(self) -> None:
        with self._lock:
            self.replayed += 1

    def breach(self, text: str) -> None:
        """Something that must never happen was seen by a client."""
        with self._lock:
            self.broken.append(text)

    def count(self) -> int:
        with self._lock:
            return len(self.accepted)


class Worker:
    """:param templates: ids to make devices from
    :param connect: makes one more connection in the same name
    """

    def __init__(
        self,
        name: str,
        rng: random.Random,
        connect: Callable[[], Client],
        templates: list[str],
        ledger: Ledger,
    ) -> None:
        self.name = name
        self.devices: dict[str, Device] = {}
        self._rng = rng
        self._client = connect()
        self._second = connect()
        self._templates = templates
        self._ledger = ledger
        self._made = 0

    def close(self) -> None:
        self._client.close()
        self._second.close()

    def run(self, stop: threading.Event, pace: float) -> None:
        """Ask for changes, `pace` a second, until it is enough."""
        while not stop.is_set():
            began = time.monotonic()
            try:
                self.act()
            except NoAnswer as error:
                self._ledger.breach(f"nobody answered: {error}")
                return
            took = time.monotonic() - began
            stop.wait(max(self._rng.expovariate(pace) - took, 0))

    def act(self) -> None:
        """One change."""
        kinds = [kind for kind in WEIGHTS if self._possible(kind)]
        weights = [WEIGHTS[kind] for kind in kinds]
        kind = self._rng.choices(kinds, weights)[0]
        getattr(self, kind)()

    def _possible(self, kind: str) -> bool:
        if kind == "create_device":
            return len(self.devices) < DEVICES
        if kind == "create_service":
            return any(
                len(one.services) < SERVICES for one in self.devices.values()
            )
        if kind in ("update_service", "delete_service"):
            return any(one.services for one in self.devices.values())
        if kind == "delete_device":
            return len(self.devices) > 2
        return bool(self.devices)

    # -- changes ------------------------------------------------------------

    def create_device(self) -> None:
        self._made += 1
        name = f"{self.name}-{self._made}"
        body = {
            "device": {
                "name": name,
                "template_id": self._rng.choice(self._templates),
            }
        }
        self._ledger.named(name)
        answer = self._post("create_device", "/v1/devices", body, name)
        if answer is not None:
            made = answer.body["device"]
            self.devices[made["id"]] = Device(made["id"], name, answer.tries)

    def create_service(self) -> None:
        device = self._any_device(lambda one: len(one.services) < SERVICES)
        self._made += 1
        name = f"{self.name}-{self._made}"
        config = self._config()
        body = {
            "service": {
                "name": name,
                "device_id": device.id,
                "service_type": "loadbalancer",
                "config": config,
            }
        }
        self._ledger.named(name)
        answer = self._post("create_service", "/v1/services", body, name)
        if answer is not None:
            made = answer.body["service"]
            device.services[made["id"]] = Service(made["id"], 1, config)

    def update_service(self) -> None:
        _, service = self._any_service()
        if self._rng.random() < 0.2:
            self._update_twice(service)
            return
        config = self._config()
        answer = self._update(self._client, service, config)
        if answer.status not in (200, 202):
            self._ledger.refuse("update_service")
            return
        # A try whose answer was lost may have been accepted before.
        shown = answer.body["service"]
        if shown["generation"] != service.generation + 1:
            self._ledger.breach(
                f"update of {service.id}: generation "
                f"{service.generation} became {shown['generation']}"
            )
        service.generation, service.config = shown["generation"], config
        self._ledger.accept(
            "update_service", shown["operation_id"], service.id
        )

    def _update_twice(self, service: Service) -> None:
        """Two configs at once, from two who do not know of each other: each
        is a generation of its own, none is lost in between, and the later
        one stays."""
        configs = [self._config(), self._config()]
        answers: dict[int, Answer] = {}

        def update(number: int, client: Client) -> None:
            answers[number] = self._update(client, service, configs[number])

        second = threading.Thread(target=update, args=(1, self._second))
        second.start()
        update(0, self._client)
        second.join()
        made: dict[int, dict[str, Any]] = {}
        for number, answer in sorted(answers.items()):
            if answer.status not in (200, 202):
                self._ledger.refuse("update_service")
                continue
            shown = answer.body["service"]
            if shown["generation"] in made:
                self._ledger.breach(
                    f"two updates of {service.id} became generation "
                    f"{shown['generation']}"
                )
            made[shown["generation"]] = configs[number]
            self._ledger.accept(
                "update_service", shown["operation_id"], service.id
            )
        if made and min(made) <= service.generation:
            self._ledger.breach(
                f"update of {service.id}: generation {service.generation} "
                f"became {min(made)}"
            )
        if made:
            service.generation = max(made)
            service.config = made[service.generation]

    def _update(
        self, client: Client, service: Service, config: dict[str, Any]
    ) -> Answer:
        """Change what was seen, and nothing else.

        Without that, a try that came to nothing as far as its client could
        see might be accepted after later ones.
        """
        path = f"/v1/services/{service.id}"
        body = {"service": {"config": config}}
        for _ in range(CHANGES):
            seen = client.call("GET", path)
            # No two are alike: it is of a try whose answer was lost.
            ours = seen.status == 200 and (
                seen.body["service"]["config"] == config
            )
            if ours or seen.status != 200:
                return seen
            answer = client.call("PATCH", path, body, if_match=seen.etag)
            if answer.status != 412:
                return answer
        raise NoAnswer(f"PATCH {path}: it never stopped changing")

    def reboot(self) -> None:
        device = self._any_device(lambda one: True)
        self._made += 1
        self._post(
            "reboot",
            f"/v1/devices/{device.id}/reboot",
            {"reboot": {"hard": self._rng.random() < 0.5}},
            f"{self.name}-{self._made}",
        )

    def delete_service(self) -> None:
        device, service = self._any_service()
        if self._delete("delete_service", "services", service.id):
            del device.services[service.id]

    def delete_device(self) -> None:
        device = self._any_device(lambda one: True)
        if self._delete("delete_device", "devices", device.id):
            del self.devices[device.id]

    # -- how ----------------------------------------------------------------

    def _post(self, kind: str, path: str, body: Any, key: str) -> Any:
        """Ask for it; now and then twice, at once or one after the other.

        :returns: the answer, None if it was refused
        """
        dice = self._rng.random()
        if dice < 0.1:
            answer = self._both(path, body, key)
        else:
            answer = self._client.call("POST", path, body, key)
        if answer.status != 202:
            if answer.status not in (403, 409):
                self._ledger.breach(f"{kind}: {answer}")
            self._ledger.refuse(kind)
            return None
        shown = next(iter(answer.body.values()))
        self._ledger.accept(kind, shown["operation_id"], shown["id"])
        if 0.1 <= dice < 0.2:
            again = self._client.call("POST", path, body, key)
            self._same(kind, answer, again)
        return answer

    def _both(self, path: str, body: Any, key: str) -> Answer:
        """The same request over two connections at once."""
        answers: list[Answer] = []
        second = threading.Thread(
            target=lambda: answers.append(
                self._second.call("POST", path, body, key)
            )
        )
        second.start()
        first = self._client.call("POST", path, body, key)
        second.join()
        if first.status == 202 and answers:
            self._same(path, first, answers[0])
        return first

    def _same(self, kind: str, one: Answer, other: Answer) -> None:
        if other.status != 202:
            self._ledger.breach(f"{kind} again: {other}")
            return
        ids = {next(iter(each.body.values()))["id"] for each in (one, other)}
        if len(ids) != 1:
            self._ledger.breach(f"{kind} made two: {ids}")
        if one.replayed or other.replayed:
            self._ledger.replay()
        else:
            self._ledger.breach(f"{kind}: neither answer was a replay")

    def _delete(self, kind: str, noun: str, resource_id: str) -> bool:
        answer = self._client.call("DELETE", f"/v1/{noun}/{resource_id}")
        if answer.status == 202:
            self._ledger.accept(
                kind, answer.body["operation"]["id"], resource_id
            )
            return True
        if answer.status == 404 and answer.tries > 1:
            # The first try's answer was lost, and it is gone by now.
            return True
        self._ledger.refuse(kind)
        if answer.status != 409:
            self._ledger.breach(f"{kind}: {answer}")
        return False

    def _any_device(self, fits: Callable[[Device], bool]) -> Device:
        return self._rng.choice(
            [one for one in self.devices.values() if fits(one)]
        )

    def _any_service(self) -> tuple[Device, Service]:
        return self._rng.choice(
            [
                (device, service)
                for device in self.devices.values()
                for service in device.services.values()
            ]
        )

    def _config(self) -> dict[str, Any]:
        self._made += 1
        return {
            "listeners": [
                {
                    "name": "web",
                    "protocol": "http",
                    "port": 10_000 + self._made,
                    "default_pool": "p",
                }
            ],
            "pools": [
                {
                    "name": "p",
                    "algorithm": "round_robin",
                    "members": [
                        {
                            "name": "m",
                            "address": "192.0.2.11",
                            "port": 1 + self._made,
                        }
                    ],
                }
            ],
        }
