"""Which session speaks for which device."""

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Held(Protocol):
    """What the registry needs of a session."""

    @property
    def device_id(self) -> str: ...

    @property
    def epoch(self) -> int: ...


S = TypeVar("S", bound=Held)


class Registry(Generic[S]):
    """device id -> the session of the highest epoch. Not thread-safe."""

    def __init__(self) -> None:
        self._sessions: dict[str, S] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[S]:
        """A snapshot: sessions may end while one looks at them."""
        return iter(list(self._sessions.values()))

    def get(self, device_id: str) -> S | None:
        return self._sessions.get(device_id)

    def add(self, session: S) -> S | None:
        """Let `session` speak for its device.

        :returns: the session that must be closed: the one it replaces,
            `session` itself if a newer one is there already, or None
        """
        current = self._sessions.get(session.device_id)
        if current is not None and current.epoch >= session.epoch:
            return session
        self._sessions[session.device_id] = session
        return current

    def remove(self, session: S) -> None:
        """Forget it; a newer session of the device stays."""
        if self._sessions.get(session.device_id) is session:
            del self._sessions[session.device_id]
