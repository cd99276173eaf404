"""Operations."""

from typing import TypedDict

from servicevmclient.v1._resource import Body, Resource

#: states that an operation does not leave (but for a retry)
TERMINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "SUPERSEDED"})


class Step(TypedDict):
    """One step of an operation, in the order of the plan."""

    name: str
    state: str
    attempts: int
    message: str | None
    #: ISO 8601, UTC
    started_at: str | None
    finished_at: str | None


class Operation(Resource):
    """The durable record of one change."""

    key = "operation"
    plural = "operations"
    path = "/v1/operations"
    noun = "operation"
    named = False

    #: UUID
    id = Body[str]()
    project_id = Body[str]()
    #: device or service
    resource_type = Body[str]()
    resource_id = Body[str]()
    #: what it is called by now or, once it is gone, was called last; None
    #: for one that has no name
    resource_name = Body[str | None]()
    #: whether it is no more
    resource_gone = Body[bool]()
    device_id = Body[str | None]()
    #: create, update, delete or reboot
    action = Body[str]()
    #: user or system
    initiator = Body[str]()
    user_id = Body[str | None]()
    #: the request that asked for it
    request_id = Body[str | None]()
    #: PENDING, RUNNING, WAITING, or one of TERMINAL
    state = Body[str]()
    #: name of the step that it is on
    step = Body[str | None]()
    attempts = Body[int]()
    #: stable reason code, if it failed
    error_code = Body[str | None]()
    error_text = Body[str | None]()
    cancel_requested = Body[bool]()
    #: ISO 8601, UTC; it fails if it has not ended by then
    deadline = Body[str | None]()
    created_at = Body[str]()
    started_at = Body[str | None]()
    finished_at = Body[str | None]()
    updated_at = Body[str | None]()
    #: only in a single operation, not in a list
    steps = Body[list[Step]]()

    @property
    def terminal(self) -> bool:
        """Whether it ended."""
        return self.state in TERMINAL

    @property
    def failing_step(self) -> Step | None:
        """The step that failed, else the one that it was on."""
        for step in self.steps or []:
            if step["state"] == "FAILED":
                return step
        for step in self.steps or []:
            if step["name"] == self.step:
                return step
        return None
