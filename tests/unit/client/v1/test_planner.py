"""What has to be done, and how little is asked to know it."""

from typing import Any

from servicevmclient.testing import FakeServicevm
from servicevmclient.v1 import Client
from servicevmclient.v1.plan import Verb

MANIFEST: dict[str, Any] = {
    "templates": [{"name": "lb", "infra_driver": "noop", "interfaces": []}],
    "devices": [{"name": "lb-1", "template": "lb"}],
    "services": [
        {
            "name": "web",
            "device": "lb-1",
            "service_type": "loadbalancer",
            "config": {"listeners": [{"name": "a", "port": 80}]},
        }
    ],
}


def _verbs(client: Client, manifest: dict[str, Any]) -> list[Verb]:
    return [step.verb for step in client.plan(manifest).steps]


def test_what_is_as_it_is_to_be_takes_a_request_for_each_kind(
    client: Client, fake: FakeServicevm
) -> None:
    assert _verbs(client, MANIFEST) == [Verb.CREATE] * 3
    assert not fake.store.rows["devices"]
    assert not [
        one for one in client.carry_out(client.plan(MANIFEST)) if one.error
    ]
    fake.requests.clear()
    assert _verbs(client, MANIFEST) == [Verb.KEEP] * 3
    assert len(fake.requests) == 3


def test_a_change_is_read_and_tried_and_nothing_is_changed(
    client: Client, fake: FakeServicevm
) -> None:
    for outcome in client.carry_out(client.plan(MANIFEST)):
        assert outcome.error is None
    (web,) = MANIFEST["services"]
    config = {"listeners": [{"name": "a", "port": 81}]}
    changed = {**MANIFEST, "services": [{**web, "config": config}]}
    fake.requests.clear()
    (step,) = client.plan(changed).todo
    assert [tuple(one) for one in step.changes] == [
        ("config.listeners[a].port", 80, 81)
    ]
    assert len(fake.requests) == 5
    assert client.find_service("web").config == web["config"]
