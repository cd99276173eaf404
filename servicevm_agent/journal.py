"""What the device must not forget over a power cut.

One file per service with the last good document, the last refusal and the
result that the relay has not acknowledged; and one file with the fence and
the services that were removed. All of it is bounded.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, Dict, List, NamedTuple, Optional

from servicevm_agent import durable

MAX_SERVICES = 64
_MAX_REMOVED = 256
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def valid_id(service_id: str) -> bool:
    """Whether it may be a service's id: it becomes the name of a file."""
    return bool(_ID.fullmatch(service_id))


class Entry(NamedTuple):
    """One service.

    :param generation: that serves; 0 if none ever did
    :param failed_generation: newest that was refused, if newer
    :param result: parameters of the ``result`` to be acknowledged
    """

    service_id: str
    service_type: str
    generation: int = 0
    digest: str = ""
    config: Dict[str, Any] = {}
    failed_generation: Optional[int] = None
    failed_digest: str = ""
    detail: str = ""
    result: Optional[Dict[str, Any]] = None


class Journal:
    """:param folder: on the state disk; made if it is not there"""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._device = os.path.join(folder, "device.json")
        os.makedirs(folder, mode=0o700, exist_ok=True)
        device = _load(self._device) or {}
        self.fence: int = device.get("fence", 0)
        self._removed: Dict[str, int] = device.get("removed", {})
        self.entries: Dict[str, Entry] = {}
        #: Files that could not be read; they are set aside.
        self.damaged: List[str] = []
        for name in sorted(os.listdir(folder)):
            if name.startswith("service-") and name.endswith(".json"):
                self._open(os.path.join(folder, name))

    def save(self, entry: Entry) -> None:
        """Keep the entry; it lasts when this returns.

        :raises OSError: the disk is full or gone; the old entry is still
            there
        """
        data = json.dumps(entry._asdict(), separators=(",", ":")).encode()
        durable.write(self._path(entry.service_id), data)
        self.entries[entry.service_id] = entry

    def remove(self, service_id: str, generation: int) -> None:
        """Forget the service, but not that `generation` removed it."""
        self._removed.pop(service_id, None)
        self._removed[service_id] = generation
        while len(self._removed) > _MAX_REMOVED:
            del self._removed[next(iter(self._removed))]
        try:
            self._save_device()
        except OSError:
            # A full disk: what is removed makes room.
            durable.remove(self._path(service_id))
            self._save_device()
        self.entries.pop(service_id, None)
        durable.remove(self._path(service_id))

    def removed_generation(self, service_id: str) -> int:
        """The generation that removed the service, or -1."""
        return self._removed.get(service_id, -1)

    def raise_fence(self, fence: int) -> bool:
        """Note the fence; False if a higher one was seen before."""
        if fence < self.fence:
            return False
        if fence > self.fence:
            self.fence = fence
            self._save_device()
        return True

    def _save_device(self) -> None:
        document = {"fence": self.fence, "removed": self._removed}
        durable.write(self._device, json.dumps(document).encode())

    def _path(self, service_id: str) -> str:
        return os.path.join(self._folder, f"service-{service_id}.json")

    def _open(self, path: str) -> None:
        document = _load(path)
        try:
            entry = Entry(**(document or {}))
        except TypeError:
            os.replace(path, path + ".damaged")
            self.damaged.append(path)
            return
        self.entries[entry.service_id] = entry


def _load(path: str) -> Optional[Dict[str, Any]]:
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
    except (FileNotFoundError, ValueError):
        return None
    return document if isinstance(document, dict) else None
