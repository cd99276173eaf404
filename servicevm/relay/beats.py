"""Heartbeats gathered over an interval: the latest of each device."""

from collections.abc import Iterable, Sequence
from typing import Any

#: Services of one device whose reports wait; more than a device may have.
MOST_SERVICES = 64


class Beats:
    """What is to be told of devices that were heard. Not thread-safe.

    A beat is ``{"device_id", "epoch", "seen_at", "services"?}``, the time in
    seconds of a clock that nobody sets, of this host only; see `aged`.
    Reports of services are merged until they are taken, since an agent sends
    each change once only.
    """

    def __init__(self) -> None:
        self._pending: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def add(
        self,
        device_id: str,
        epoch: int,
        seen_at: float,
        services: dict[str, Any],
    ) -> None:
        """Note a beat; one of an older epoch is ignored."""
        beat = self._pending.get(device_id)
        if beat is None or epoch > beat["epoch"]:
            beat = {"device_id": device_id, "epoch": epoch}
            self._pending[device_id] = beat
        elif epoch < beat["epoch"]:
            return
        beat["seen_at"] = seen_at
        if services:
            _merge(beat, services)

    def forget(self, device_id: str, epoch: int) -> None:
        """The session ended: its beats no longer say that it lives."""
        beat = self._pending.get(device_id)
        if beat is not None and beat["epoch"] == epoch:
            del self._pending[device_id]

    def take(self) -> list[dict[str, Any]]:
        """All of them, once."""
        beats = list(self._pending.values())
        self._pending = {}
        return beats

    def give_back(self, beats: Sequence[dict[str, Any]]) -> None:
        """Taken beats that could not be delivered; newer ones win."""
        for old in beats:
            new = self._pending.get(old["device_id"])
            if new is None or new["epoch"] < old["epoch"]:
                self._pending[old["device_id"]] = old
            elif new["epoch"] == old["epoch"] and "services" in old:
                newer = new.pop("services", {})
                _merge(new, old["services"])
                _merge(new, newer)


def batches(
    beats: Sequence[dict[str, Any]], *, most: int, most_news: int
) -> list[Sequence[dict[str, Any]]]:
    """Parts that a conductor can take in one call, in order.

    :param most: beats in a part
    :param most_news: of these, those that bring services
    """
    ends, news = [0], 0
    for at, beat in enumerate(beats):
        news += "services" in beat
        if at - ends[-1] >= most or news > most_news:
            ends.append(at)
            news = int("services" in beat)
    return [
        beats[begin:end]
        for begin, end in zip(ends, [*ends[1:], len(beats)], strict=True)
        if begin < end
    ]


def aged(beats: Iterable[dict[str, Any]], now: float) -> list[dict[str, Any]]:
    """Beats as conductors, which have another clock, are told of them.

    :param now: of the same clock, at the moment at which they are told
    """
    told = []
    for beat in beats:
        one = {name: beat[name] for name in beat if name != "seen_at"}
        one["age_us"] = max(round((now - beat["seen_at"]) * 1e6), 0)
        told.append(one)
    return told


def _merge(beat: dict[str, Any], services: dict[str, Any]) -> None:
    """Newer reports win; those that waited longest go where there are more
    than a device can have: it invents them."""
    merged = beat.setdefault("services", {})
    for service_id, report in services.items():
        merged.pop(service_id, None)
        merged[service_id] = report
    while len(merged) > MOST_SERVICES:
        del merged[next(iter(merged))]
