"""How a machine ended that nobody told to end."""

from dataclasses import dataclass

from servicevm.drivers.infra.base import DeviceState

__all__ = ["NOT_RUN", "End", "gone", "stopped"]


@dataclass(frozen=True)
class End:
    """The device's state from then on, and why in words."""

    state: DeviceState
    detail: str


NOT_RUN = End(DeviceState.FAILED, "The accelerator could not run the guest.")

#: QMP's words for why a machine ended to ours.
_REASONS = {
    "guest-shutdown": End(
        DeviceState.STOPPED, "The guest powered itself off."
    ),
    "guest-reset": End(
        DeviceState.FAILED,
        "The guest restarted itself, as it does after a kernel panic.",
    ),
    "guest-panic": End(DeviceState.FAILED, "The guest's kernel panicked."),
    "host-signal": End(
        DeviceState.FAILED, "QEMU was told to end by a signal."
    ),
}


def stopped(reason: str) -> End:
    """The end of a machine that QEMU reports.

    :param reason: QMP's, e.g. ``guest-shutdown``
    """
    return _REASONS.get(
        reason, End(DeviceState.STOPPED, f"The guest ended: {reason}.")
    )


def gone(words: str) -> End:
    """The end of a machine whose QEMU is gone.

    :param words: QEMU's last, or none
    """
    return End(
        DeviceState.FAILED,
        f"QEMU ended: {words}" if words else "QEMU was killed.",
    )
