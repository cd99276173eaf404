"""Waiting for what an operation does, with progress and a deadline."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from servicevmclient import exceptions
from servicevmclient.v1._resource import Resource
from servicevmclient.v1.operation import Operation

R = TypeVar("R", bound=Resource)


class Progress(NamedTuple):
    """How far it is; what a wait's callback is called with.

    :param noun: ``device``, ``service`` or ``operation``
    :param name: what a person calls it
    :param state: of the operation, else the provisioning status
    :param step: name of the step that it is on, if it is known
    :param attempts: how often that was begun
    :param elapsed: seconds since the wait began
    :param trouble: why nothing newer is known, if so
    """

    noun: str
    name: str
    state: str
    step: str | None
    attempts: int
    elapsed: float
    trouble: str | None = None


Callback = Callable[[Progress], None]


class Clock(Protocol):
    """Seconds that only grow, and a way to let some pass."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float, /) -> None: ...


class Reader(Protocol):
    """What a wait asks for."""

    def get(self, kind: type[R], ref: str) -> R: ...


#: seconds between two looks: quick at first, then calm
FIRST_INTERVAL = 0.1
LAST_INTERVAL = 2.0
_GROWTH = 1.3

#: failures of a look that the next one may not have: a restart, a proxy
_PASSING = (exceptions.ConnectionFailed, exceptions.ServerError)


class Waiter:
    """One wait.

    :param timeout: seconds until `WaitTimeout`
    :param interval: seconds between two looks; None for a growing one
    """

    def __init__(
        self,
        reader: Reader,
        *,
        timeout: float,
        interval: float | None = None,
        callback: Callback | None = None,
        clock: Clock = time,
    ) -> None:
        self._reader = reader
        self._timeout = timeout
        self._interval = interval
        self._callback = callback
        self._clock = clock
        self._began = clock.monotonic()
        self._pauses = self._intervals()

    def settled(self, resource: R) -> R:
        """Wait until the resource is ACTIVE and nothing more is running.

        :raises ResourceFailed: it, or its operation, failed
        :raises NotFound: somebody deleted it
        :raises WaitTimeout: not yet
        """
        while True:
            resource = self._followed(resource)
            data = resource.to_dict_view()
            status = data["provisioning_status"]
            if status == "ACTIVE":
                return resource
            if status == "ERROR":
                raise _in_error(resource)
            self._pause(resource.noun, _name(resource), status)
            resource = self._look(
                type(resource), resource.ref, resource.noun, _name(resource)
            )

    def operation(self, operation_id: str, noun: str, name: str) -> Operation:
        """Wait until the operation ended well.

        :raises ResourceFailed: it did not
        :raises WaitTimeout: not yet
        """
        ended = self._end_of(operation_id, noun, name)
        if ended.state != "SUCCEEDED":
            raise failure_of(ended, noun, name)
        return ended

    def gone(self, kind: type[Resource], ref: str, name: str) -> None:
        """Wait until the resource is no longer there.

        :raises ResourceFailed: the deletion failed
        :raises WaitTimeout: not yet
        """
        try:
            while True:
                resource = self._look(kind, ref, kind.noun, name)
                resource = self._followed(resource)
                self._pause(
                    kind.noun,
                    name,
                    resource.to_dict_view()["provisioning_status"],
                )
        except exceptions.NotFound:
            return

    def _followed(self, resource: R) -> R:
        """The resource after its newest operation ended.

        :raises ResourceFailed: that operation failed, and is the newest yet
        """
        operation_id = resource.to_dict_view().get("operation_id")
        if not operation_id:
            return resource
        noun, name = resource.noun, _name(resource)
        operation = self._end_of(operation_id, noun, name)
        resource = self._look(type(resource), resource.ref, noun, name)
        if (
            operation.state in ("FAILED", "CANCELLED")
            and resource.to_dict_view().get("operation_id") == operation_id
        ):
            raise failure_of(operation, noun, name)
        return resource

    def _end_of(self, operation_id: str, noun: str, name: str) -> Operation:
        while True:
            operation = self._look(Operation, operation_id, noun, name)
            if operation.terminal:
                return operation
            self._pause(
                noun,
                name,
                operation.state,
                operation.step,
                operation.attempts or 0,
            )

    def _look(self, kind: type[R], ref: str, noun: str, name: str) -> R:
        """GET, again and again if nobody answers."""
        while True:
            try:
                return self._reader.get(kind, ref)
            except _PASSING as error:
                self._pause(noun, name, "no answer", trouble=error.detail)

    def _pause(
        self,
        noun: str,
        name: str,
        state: str,
        step: str | None = None,
        attempts: int = 0,
        trouble: str | None = None,
    ) -> None:
        elapsed = self._clock.monotonic() - self._began
        if self._callback is not None:
            self._callback(
                Progress(noun, name, state, step, attempts, elapsed, trouble)
            )
        left = self._timeout - elapsed
        if left <= 0:
            where = f", step {step}" if step else ""
            because = f" ({trouble})" if trouble else ""
            raise exceptions.WaitTimeout(
                f"{noun} {name} is still {state}{where} after "
                f"{elapsed:.0f} s{because}.",
            )
        self._clock.sleep(min(next(self._pauses), left))

    def _intervals(self) -> Iterator[float]:
        pause = self._interval or FIRST_INTERVAL
        while True:
            yield pause
            if self._interval is None:
                pause = min(pause * _GROWTH, LAST_INTERVAL)


def failure_of(
    operation: Operation, noun: str, name: str
) -> exceptions.ResourceFailed:
    """What to raise for an operation that ended without success."""
    step = operation.failing_step
    words = operation.error_text or f"It is {operation.state}."
    if step is not None and operation.state == "FAILED":
        words = f"In step {step['name']}: {words}"
    return exceptions.ResourceFailed(
        words,
        title=f"{operation.action} of {noun} {name} ended as "
        f"{operation.state}.",
        code=operation.error_code or "",
        hint=f"See: operation show {operation.id}; then operation retry "
        f"{operation.id}, or delete the {noun}.",
        request_id=operation.request_id,
        operation_id=operation.id,
        step=step["name"] if step else operation.step,
    )


def _name(resource: Resource) -> str:
    return str(resource.to_dict_view().get("name") or resource.ref)


def _in_error(resource: Resource) -> exceptions.ResourceFailed:
    data = resource.to_dict_view()
    return exceptions.ResourceFailed(
        data.get("status_reason") or "The service gave no reason.",
        title=f"{resource.noun} {_name(resource)} is in ERROR.",
        code=data.get("status_code") or "",
        operation_id=data.get("operation_id"),
        request_id=resource.last_request_id,
    )
