"""Plans: what has to be done so that all is as a manifest says."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from servicevmclient.exceptions import ClientError
from servicevmclient.v1._differences import Difference
from servicevmclient.v1._resource import Resource

__all__ = ["Difference", "Outcome", "Plan", "Step", "Verb"]


class Verb(enum.StrEnum):
    """What is to be done with a resource."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    #: it is as it is to be
    KEEP = "keep"


@dataclass(frozen=True)
class Step:
    """What is to be done with one resource.

    :param kind: the class of the resource, e.g. `Device`
    :param changes: of an update, value by value
    :param ref: id of what is there; None for what is to be made
    :param etag: it must still have this one
    :param attributes: what is sent
    :param follows: key of `attributes` to the step whose id it is to have
    :param problem: why it cannot be done
    """

    verb: Verb
    kind: type[Resource]
    name: str
    changes: Sequence[Difference] = ()
    ref: str | None = None
    etag: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    follows: "tuple[str, Step] | None" = None
    problem: ClientError | None = None

    @property
    def checked(self) -> bool:
        """Whether the service has seen it and had nothing against it.

        What is on, or made of, something that is not there yet it sees only
        then.
        """
        return self.follows is None and self.problem is None


@dataclass(frozen=True)
class Plan:
    """Steps in the order in which they have to be taken."""

    steps: Sequence[Step]

    @property
    def todo(self) -> Sequence[Step]:
        """Steps that do something."""
        return [one for one in self.steps if one.verb is not Verb.KEEP]

    @property
    def problems(self) -> Sequence[tuple[Step, ClientError]]:
        """Steps that cannot be taken, and why.

        Not those that only need such a one: they have its problem.
        """
        found: list[tuple[Step, ClientError]] = []
        for step in self.steps:
            problem = step.problem
            if problem is not None and all(
                problem is not known for _, known in found
            ):
                found.append((step, problem))
        return found


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    :param ref: id of the resource; None where none was made
    :param error: why it was not done
    """

    step: Step
    ref: str | None
    error: ClientError | None = None
