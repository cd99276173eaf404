"""What a conductor counts, for /metrics."""

from prometheus_client import Counter, Gauge, Histogram

from servicevm import clock
from servicevm.db import models
from servicevm.states import OperationState

__all__ = ["DROPPED", "HELD", "OVERTAKEN", "STEPS", "ended"]

HELD = Gauge(
    "servicevm_conductor_operations", "Operations that it has in hand."
)
STEPS = Histogram(
    "servicevm_conductor_step_seconds",
    "Time that one try of a step took, by what came of it.",
    ["resource", "action", "step", "outcome"],
    buckets=(0.005, 0.025, 0.1, 0.5, 2.5, 10, 60),
)
_OPERATIONS = Histogram(
    "servicevm_conductor_operation_seconds",
    "Time from an operation's request to its end.",
    ["resource", "action", "state"],
    buckets=(0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
OVERTAKEN = Counter(
    "servicevm_conductor_leases_lost",
    "Operations that another conductor had taken over meanwhile.",
)
DROPPED = Counter(
    "servicevm_conductor_dropped_operations",
    "Operations that were put down because the database was away.",
)


def ended(operation: models.Operation) -> None:
    """Count an operation whose end is written; none that goes on."""
    if not OperationState(operation.state).terminal:
        return
    finished = operation.finished_at or operation.updated_at
    _OPERATIONS.labels(
        operation.resource_type, operation.action, operation.state
    ).observe((finished - operation.created_at) / clock.SECOND)
