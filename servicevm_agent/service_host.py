"""Runs the device's services in threads, so that the session goes on.

One thread changes services, one at a time; another watches them and answers
questions. The session's thread calls the methods of `ServiceHost`, which
return at once, and is woken when there is something to say.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Mapping, Optional, Tuple

from servicevm_agent.journal import MAX_SERVICES, Entry, Journal
from servicevm_agent.log import log
from servicevm_agent.restarts import Restart, Restarts
from servicevm_agent.service import (
    DEAD,
    DEGRADED,
    ONLINE,
    ConfigRefused,
    Environment,
    Service,
    Status,
)
from servicevm_agent.services import Factory

#: Seconds between two looks at every service.
WATCH_INTERVAL = 2.0
_MAX_QUEUE = 16
_RESTARTED = {"restarted": True}
_MAX_MEMBERS = 4096
_MAX_DETAIL = 4000
#: Where there is no more to be done for what is handed over again.
_SERVES = (ONLINE, DEGRADED)
#: Bytes of reports in one heartbeat, roughly; one report is always taken.
_MAX_WEIGHT = 512 * 1024

Params = Dict[str, Any]
Report = Dict[str, Any]
Job = Callable[[], None]
#: What became of a question: key, result, or the sentence of a refusal.
Answer = Tuple[object, Optional[Dict[str, Any]], str]


class Refusal(Exception):
    """The request contradicts what the device has or can.

    :param reason: stable and machine readable
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class ServiceHost:
    """:param wake: called from other threads when there is news"""

    def __init__(
        self,
        journal: Journal,
        environment: Environment,
        factories: Mapping[str, Factory],
        wake: Callable[[], None],
    ) -> None:
        self._journal = journal
        self._environment = environment
        self._factories = factories
        self._wake = wake
        self._lock = threading.Lock()  # of all below
        self._services: Dict[str, Tuple[threading.Lock, Service]] = {}
        self._statuses: Dict[str, Status] = {}
        self._changed: Dict[str, None] = {}
        self._accepted: Dict[str, int] = {}  # newest, still to be done
        self._answers: Deque[Answer] = deque()
        self._restarts = Restarts(_MAX_QUEUE)
        self._changes: queue.Queue[Job] = queue.Queue(_MAX_QUEUE)
        self._questions: queue.Queue[Job] = queue.Queue(_MAX_QUEUE)

    def restore(self) -> None:
        """Serve what the journal says; before anybody is connected."""
        for entry in list(self._journal.entries.values()):
            if not entry.generation:
                continue
            try:
                self._refuse_unknown(entry.service_type)
                lock, service = self._service(entry)
                with lock:
                    service.apply(entry.config, trusted=True)
                    self._see(entry.service_id, service.observe())
            except (ConfigRefused, OSError, Refusal) as error:
                log(f"service {entry.service_id} not restored: {error}")
                self._see(entry.service_id, Status(DEAD, str(error)))

    def start(self) -> None:
        """Start the threads; they end with the process."""
        for name, work in (("change", self._change), ("watch", self._watch)):
            threading.Thread(target=work, name=name, daemon=True).start()

    def apply(self, params: Params) -> None:
        """Accept the desired state of a service; its result comes later.

        :raises Refusal: it is stale, contradictory, unknown or too much
        """
        service_id, generation = params["service_id"], params["generation"]
        digest = params["digest"]
        if digest_of(params["config"]) != digest:
            raise Refusal("digest_mismatch", "config and digest differ")
        self._refuse_unknown(params["service_type"])
        with self._lock:
            if not self._journal.raise_fence(params.get("fence") or 0):
                raise Refusal("stale_fence", "a later conductor was here")
            if self._done_already(service_id, generation, digest):
                return
            entries = self._journal.entries
            entry = entries.get(service_id)
            if entry and entry.service_type != params["service_type"]:
                raise Refusal(
                    "other_service_type", f"it is a {entry.service_type}"
                )
            if entry is None and len(entries) >= MAX_SERVICES:
                raise Refusal("too_many_services", "the device is full")
            try:
                self._changes.put_nowait(lambda: self._apply(params))
            except queue.Full:
                raise Refusal("busy", "too many changes wait") from None
            self._accepted[service_id] = generation

    def remove(self, key: object, service_id: str, generation: int) -> None:
        """Take a service off; the answer comes with `answers`.

        :raises Refusal: a newer generation is here, or too much waits
        """
        with self._lock:
            newest = self._newest(service_id)
            if generation < newest:
                raise Refusal("stale_generation", f"{newest} is here")
            try:
                self._changes.put_nowait(
                    lambda: self._remove(key, service_id, generation)
                )
            except queue.Full:
                raise Refusal("busy", "too many changes wait") from None

    def restart(
        self, key: object, service_id: str, operation_id: str = ""
    ) -> None:
        """Stop a service and start it anew; the answer comes with `answers`.

        :param operation_id: what it is done for; it is done once for it,
            however often it is asked for
        :raises Refusal: there is no such service, or too much waits
        """
        with self._lock:
            entry = self._journal.entries.get(service_id)
            if entry is None or not entry.generation:
                raise Refusal("unknown_service", "no such service here")
            self._refuse_unknown(entry.service_type)
            known = self._restarts.find(service_id, operation_id)
            if known is not None:
                if known.done:
                    self._answers.append((key, dict(_RESTARTED), ""))
                else:
                    known.keys.append(key)
                return
            asked = Restart(service_id, operation_id, key)
            try:
                self._changes.put_nowait(lambda: self._restart(asked))
            except queue.Full:
                raise Refusal("busy", "too many changes wait") from None
            self._restarts.add(asked)

    def act(
        self, key: object, service_id: str, action: str, arguments: Params
    ) -> None:
        """Do an action of a service; the answer comes with `answers`.

        :raises Refusal: there is no such service, or too much waits
        """
        with self._lock:
            if service_id not in self._services:
                raise Refusal("unknown_service", "no such service here")
        try:
            self._questions.put_nowait(
                lambda: self._act(key, service_id, action, arguments)
            )
        except queue.Full:
            raise Refusal("busy", "too many questions wait") from None

    def answers(self) -> List[Answer]:
        """Return, once, what became of removals and actions."""
        with self._lock:
            found = list(self._answers)
            self._answers.clear()
        return found

    def reports(self, *, told: bool = False) -> Dict[str, Report]:
        """Return the report of every service.

        :param told: they go where they are all taken note of: no news any
            more
        """
        with self._lock:
            if told:
                self._changed.clear()
            return {i: self._report(i) for i in self._journal.entries}

    def tell_again(self) -> None:
        """Make all reports news: they were told, but not in full."""
        with self._lock:
            self._changed.update(dict.fromkeys(self._journal.entries))

    def changed_reports(self) -> Dict[str, Report]:
        """Return, once, the reports that changed; as many as fit a frame,
        the others next time."""
        found: Dict[str, Report] = {}
        weight = 0
        with self._lock:
            for service_id in list(self._changed):
                if service_id in self._journal.entries:
                    report = self._report(service_id)
                    weight += _weight(report)
                    if found and weight > _MAX_WEIGHT:
                        break
                    found[service_id] = report
                del self._changed[service_id]
        return found

    @property
    def news(self) -> bool:
        """Reports have changed."""
        return bool(self._changed)

    def results(self) -> List[Params]:
        """Return the results that nobody has acknowledged."""
        with self._lock:
            entries = self._journal.entries.values()
            return [dict(e.result) for e in entries if e.result]

    def acknowledge(self, result: Params) -> None:
        """The relay has this result."""
        with self._lock:
            entry = self._journal.entries.get(result["service_id"])
            if entry is None or entry.result != result:
                return
            entry = entry._replace(result=None)
            try:
                self._journal.save(entry)
            except OSError as error:
                # It is told once more after the next boot: no harm.
                log(f"service {entry.service_id}: not noted: {error}")
                self._journal.entries[entry.service_id] = entry

    def counters(self) -> Dict[str, Dict[str, int]]:
        """Return the cumulative counters of every service."""
        with self._lock:
            services = dict(self._services)
        found = {}
        for service_id, (lock, service) in services.items():
            if lock.acquire(blocking=False):  # else: at the next beat
                try:
                    found[service_id] = service.counters()
                finally:
                    lock.release()
        return found

    def _refuse_unknown(self, service_type: str) -> None:
        if service_type not in self._factories:
            raise Refusal(
                "unknown_service_type",
                f"the device has no service type {service_type}",
            )

    # -- with the lock held -------------------------------------------------

    def _newest(self, service_id: str) -> int:
        entry = self._journal.entries.get(service_id)
        return max(
            self._accepted.get(service_id, -1),
            entry.generation if entry else -1,
            (entry.failed_generation or -1) if entry else -1,
        )

    def _done_already(
        self, service_id: str, generation: int, digest: str
    ) -> bool:
        newest = max(
            self._newest(service_id),
            self._journal.removed_generation(service_id) + 1,
        )
        if generation < newest:
            raise Refusal("stale_generation", f"{newest} is here")
        if self._accepted.get(service_id) == generation:
            return True  # its result will come
        entry = self._journal.entries.get(service_id)
        if entry is None or entry.generation != generation:
            return False
        if entry.digest != digest:
            raise Refusal(
                "generation_reused", f"{generation} has another digest here"
            )
        status = self._statuses.get(service_id, Status())
        if status.operating_status not in _SERVES:
            return False  # it may when it is done again
        self._journal.save(self._with_result(entry, generation, True, ""))
        self._wake()
        return True

    def _with_result(
        self, entry: Entry, generation: int, ok: bool, detail: str
    ) -> Entry:
        status = self._statuses.get(entry.service_id, Status())
        result = {
            "service_id": entry.service_id,
            "generation": generation,
            "digest": entry.digest if ok else entry.failed_digest,
            "ok": ok,
            "detail": detail,
            "operating_status": status.operating_status,
        }
        return entry._replace(result=result)

    def _report(self, service_id: str) -> Report:
        entry = self._journal.entries[service_id]
        status = self._statuses.get(service_id, Status())
        return {
            "generation": entry.generation,
            "digest": entry.digest,
            "operating_status": status.operating_status,
            "failed_generation": entry.failed_generation,
            "detail": (entry.detail or status.detail)[:_MAX_DETAIL],
            "members": list(status.members[:_MAX_MEMBERS]),
        }

    # -- in the threads -----------------------------------------------------

    def _see(self, service_id: str, status: Status) -> None:
        with self._lock:
            if self._statuses.get(service_id) == status:
                return
            self._statuses[service_id] = status
            self._changed[service_id] = None
        self._wake()

    def _service(self, entry: Entry) -> Tuple[threading.Lock, Service]:
        with self._lock:
            found = self._services.get(entry.service_id)
        if found is None:
            create = self._factories[entry.service_type]
            found = (
                threading.Lock(),
                create(entry.service_id, self._environment),
            )
            with self._lock:
                self._services[entry.service_id] = found
        return found

    def _change(self) -> None:
        while True:
            self._changes.get()()
            self._wake()

    def _watch(self) -> None:
        due = time.monotonic() + WATCH_INTERVAL
        while True:
            try:
                job = self._questions.get(
                    timeout=max(0.0, due - time.monotonic())
                )
            except queue.Empty:
                self._look()
                due = time.monotonic() + WATCH_INTERVAL
            else:
                job()
                self._wake()

    def _look(self) -> None:
        with self._lock:
            services = dict(self._services)
        for service_id, (lock, service) in services.items():
            if not lock.acquire(blocking=False):
                continue  # it is being changed
            try:
                with self._lock:
                    if service_id not in self._services:
                        continue
                self._see(service_id, service.observe())
            except OSError as error:
                self._see(service_id, Status("UNKNOWN", str(error)))
            finally:
                lock.release()

    def _apply(self, params: Params) -> None:
        service_id, generation = params["service_id"], params["generation"]
        with self._lock:
            if self._accepted.get(service_id) != generation:
                return  # a later one waits behind it
            entry = self._journal.entries.get(service_id) or Entry(
                service_id, params["service_type"]
            )
        served = Entry(
            service_id,
            params["service_type"],
            generation,
            params["digest"],
            params["config"],
        )
        try:
            lock, service = self._service(entry)
            with lock:
                service.apply(params["config"], trusted=False)
                self._see(service_id, service.observe())
                try:
                    with self._lock:
                        self._journal.save(
                            self._with_result(served, generation, True, "")
                        )
                except OSError as error:
                    self._go_back(service, entry)
                    raise ConfigRefused(
                        f"the device's disk cannot keep it: {error}"
                    ) from None
            log(
                f"service {service_id} generation {generation}: it serves",
                params.get("request_id"),
            )
        except (ConfigRefused, OSError) as error:
            detail = str(error)[:_MAX_DETAIL] or "refused"
            log(
                f"service {service_id} generation {generation}: {detail}",
                params.get("request_id"),
            )
            self._refused(entry, params, detail)
        with self._lock:
            if self._accepted.get(service_id) == generation:
                del self._accepted[service_id]
            self._changed[service_id] = None

    def _go_back(self, service: Service, entry: Entry) -> None:
        """Serve again what served before."""
        if entry.generation:
            service.apply(entry.config, trusted=True)
            return
        with self._lock:
            self._services.pop(entry.service_id, None)
        service.remove()

    def _refused(self, entry: Entry, params: Params, detail: str) -> None:
        generation = params["generation"]
        # What served before is not at fault: the device is, and says so.
        again = entry.generation == generation
        if not again:
            entry = entry._replace(
                failed_generation=generation,
                failed_digest=params["digest"],
                detail=detail,
            )
        with self._lock:
            entry = self._with_result(
                entry, generation, again, "" if again else detail
            )
            try:
                self._journal.save(entry)
            except OSError as error:
                # Until the next boot; then it is tried once more.
                log(f"service {entry.service_id}: not noted: {error}")
                self._journal.entries[entry.service_id] = entry

    def _restart(self, asked: Restart) -> None:
        service_id = asked.service_id
        with self._lock:
            entry = self._journal.entries.get(service_id)
        result: Optional[Dict[str, Any]] = None
        refusal = ""
        try:
            if entry is None:
                raise ConfigRefused("the service was removed")
            lock, service = self._service(entry)
            with lock:
                try:
                    service.restart(entry.config)
                finally:
                    self._see(service_id, service.observe())
            result = dict(_RESTARTED)
        except (ConfigRefused, OSError) as error:
            refusal = str(error)[:_MAX_DETAIL] or "refused"
            log(f"service {service_id} not restarted: {refusal}")
        with self._lock:
            asked.done = result is not None
            if not asked.done:
                self._restarts.failed(asked)
            self._answers += [(key, result, refusal) for key in asked.keys]

    def _remove(self, key: object, service_id: str, generation: int) -> None:
        with self._lock:
            found = self._services.pop(service_id, None)
        if found is not None:
            lock, service = found
            with lock:
                service.remove()
        with self._lock:
            self._journal.remove(service_id, generation)
            self._statuses.pop(service_id, None)
            self._changed.pop(service_id, None)
            if self._accepted.get(service_id, -1) <= generation:
                self._accepted.pop(service_id, None)
            self._answers.append((key, {"removed": True}, ""))

    def _act(
        self, key: object, service_id: str, action: str, arguments: Params
    ) -> None:
        with self._lock:
            found = self._services.get(service_id)
        result: Optional[Dict[str, Any]] = None
        refusal = ""
        try:
            if found is None:
                raise ValueError("the service was removed")
            lock, service = found
            with lock:
                result = service.act(action, arguments)
        except (ValueError, OSError) as error:
            refusal = str(error)[:_MAX_DETAIL] or "refused"
        with self._lock:
            self._answers.append((key, result, refusal))


def _weight(report: Report) -> int:
    """The bytes of the report in a frame, at most."""
    return 400 + 4 * len(report["detail"]) + 230 * len(report["members"])


def digest_of(config: Mapping[str, Any]) -> str:
    """Return the digest of a configuration, as the control plane makes it."""
    import hashlib  # not before there is a service: it takes a moment

    canonical = json.dumps(
        config, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()
