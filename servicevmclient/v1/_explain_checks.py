"""What of a device is not as it should be, in sentences. Pure."""

import shlex
from collections.abc import Iterator

from servicevmclient.v1 import _explain_commands as commands
from servicevmclient.v1 import _moments
from servicevmclient.v1.explanation import Facts, Sentence
from servicevmclient.v1.service import Service

#: Seconds before its end from which a certificate is worth a word.
_SOON = 86400


def checks(facts: Facts) -> Iterator[Sentence]:
    """What is wrong on the way from the relays to the services."""
    yield from _relays(facts)
    yield from _agent(facts)
    yield from _generations(facts)
    for service in facts.services:
        yield from _service(service, facts)


def _relays(facts: Facts) -> Iterator[Sentence]:
    if facts.relays is None:
        return
    group = facts.device.relay_group
    command = f"relay list --group {shlex.quote(str(group))}"
    if not any(relay.alive for relay in facts.relays):
        yield Sentence(
            f"Relay group {group} has no relay that lives: no agent of it "
            "can connect.",
            command,
        )
    elif all(relay.draining for relay in facts.relays if relay.alive):
        yield Sentence(
            f"All relays of group {group} are draining: they take no new "
            "sessions.",
            command,
        )


def _agent(facts: Facts) -> Iterator[Sentence]:
    device, agent = facts.device, facts.device.agent
    if device.relay_group is None:
        return  # it has none
    log = f"device console log show {shlex.quote(facts.ref)}"
    if agent is None:
        if not device.provisioning_status.startswith("PENDING_DELETE"):
            yield Sentence("Its agent has never enrolled.", log)
        return
    if not agent["connected"]:
        seen = agent["last_seen"]
        last = (
            f"; it was last heard of at {_moments.told(seen, facts.reference)}"
            if seen
            else ""
        )
        yield Sentence(f"Its agent is not connected{last}.", log)
    certificate = agent["certificate"]
    if certificate is None:
        return
    until = certificate["not_after"]
    left = (_moments.parse(until) - facts.now).total_seconds()
    when = _moments.told(until, facts.reference)
    if left <= 0:
        yield Sentence(
            f"Its agent's certificate ended at {when}: it cannot connect "
            "again.",
            f"device rebuild --wait {shlex.quote(facts.ref)}",
        )
    elif left < _SOON and not agent["connected"]:
        # While it is connected it renews it by itself.
        yield Sentence(
            f"Its agent's certificate ends at {when}: after that it cannot "
            "connect again."
        )


def _generations(facts: Facts) -> Iterator[Sentence]:
    device = facts.device
    behind = device.generation - device.observed_generation
    if device.provisioning_status == "ACTIVE" and behind > 0:
        yield Sentence(
            f"Generation {device.generation} was asked of it and "
            f"{device.observed_generation} is in force.",
            commands.listed("operation", facts),
        )


def _service(service: Service, facts: Facts) -> Iterator[Sentence]:
    command = commands.shown(service, facts)
    well = service.operating_status == "ONLINE"
    if service.provisioning_status == "ERROR" or (
        service.provisioning_status == "ACTIVE" and not well
    ):
        code = f" ({service.status_code})" if service.status_code else ""
        why = f": {service.status_reason}" if service.status_reason else "."
        yield Sentence(
            f"Service {service.name} is {service.provisioning_status} and "
            f"{service.operating_status}{why}{code}",
            command,
        )
    members = service.members or []
    away = [one for one in members if one["operating_status"] != "ONLINE"]
    if away:
        named = ", ".join(
            f"{one['name']} of pool {one['pool']} is {one['operating_status']}"
            for one in away[:3]
        )
        more = f" and {len(away) - 3} more" if len(away) > 3 else ""
        yield Sentence(
            f"Of {len(members)} members of service {service.name}, "
            f"{len(away)} are not ONLINE: {named}{more}.",
            command,
        )
