"""Takes the steps of a plan."""

import contextlib
from collections.abc import Iterator, Mapping

from servicevmclient.exceptions import ClientError, Conflict, NotFound
from servicevmclient.v1._resource import Resource
from servicevmclient.v1._verbs import Verbs
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.plan import Outcome, Plan, Step, Verb


def carry_out(
    service: Verbs, plan: Plan, *, timeout: float
) -> Iterator[Outcome]:
    """Take one step after the other; yield what came of each.

    One that fails does not keep those from being taken that do not need it.

    :param timeout: seconds that devices may take to go before a template
        is deleted of which they are made
    """
    made: dict[tuple[type[Resource], str], str] = {}
    going: dict[str, str] = {}
    for step in plan.steps:
        try:
            if step.kind is DeviceTemplate and step.verb is Verb.DELETE:
                _await(service, going, timeout)
            ref = _take(service, step, made)
        except ClientError as error:
            yield Outcome(step, step.ref, error)
            continue
        if step.verb is Verb.CREATE:
            made[step.kind, step.name] = ref
        elif step.verb is Verb.DELETE and step.kind is Device:
            going[ref] = step.name
        yield Outcome(step, ref)


def _take(
    service: Verbs, step: Step, made: Mapping[tuple[type[Resource], str], str]
) -> str:
    """Id of the resource.

    :raises ClientError: it was not done
    """
    if step.problem is not None:
        raise step.problem
    if step.ref is None:
        attributes = dict(step.attributes)
        if step.follows is not None:
            key, before = step.follows
            if (before.kind, before.name) not in made:
                raise _missing(step, before)
            attributes[key] = made[before.kind, before.name]
        return service.create(step.kind, attributes).ref
    if step.verb is Verb.UPDATE:
        service.update(
            step.kind, step.ref, step.attributes, if_match=step.etag
        )
    elif step.verb is Verb.DELETE:
        # It may have gone with its device, or somebody else was faster.
        with contextlib.suppress(NotFound):
            service.delete(step.kind, step.ref)
    return step.ref


def _missing(step: Step, before: Step) -> Conflict:
    return Conflict(
        f"{step.kind.noun.capitalize()} {step.name} needs "
        f"{before.kind.noun} {before.name}, which was not made.",
        title="What it needs is not there.",
        hint="Correct that and apply again; what is done stays done.",
    )


def _await(service: Verbs, going: dict[str, str], timeout: float) -> None:
    """Wait until devices are gone: their template is in use until then."""
    while going:
        ref, name = going.popitem()
        service.waiter(timeout=timeout).gone(Device, ref, name)
