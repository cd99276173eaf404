"""The agent's end of a session with a relay."""

from __future__ import annotations

import time
from typing import Any, Dict, Optional

from servicevm_agent import __version__
from servicevm_agent.cards import Cards
from servicevm_agent.chance import uniform
from servicevm_agent.identity import Identity, IdentityError
from servicevm_agent.log import log
from servicevm_agent.peer import Peer, SessionLost
from servicevm_agent.service_host import Refusal, ServiceHost
from servicevm_agent.wake import Wake
from servicevm_agent.wire import (
    AGENT,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    OLD_RELAY,
    Event,
    Failure,
    Notification,
    Request,
    Response,
    WireError,
    allowance,
)

#: Seconds for answers of the relay.
_ANSWER = 30.0
_RENEW_ANSWER = 60.0
_RENEW_AGAIN = 300.0
_REFUSED = -32000
#: What changes a service, or asks it something; others come all the time.
_TOLD = ("apply", "remove", "restart", "action", "interfaces")
_NEVER = (METHOD_NOT_FOUND, INVALID_PARAMS)
#: Seconds between heartbeats that carry news.
_NEWS_INTERVAL = 0.5
#: Members whose states are told in the long run: relays count bytes.
_MEMBERS_A_SECOND = 4000


class SessionClient:
    """One session from hello to its end.

    :param movable: whether there is another relay to go to
    """

    def __init__(
        self,
        peer: Peer,
        host: ServiceHost,
        cards: Cards,
        identity: Identity,
        wake: Wake,
        boot_id: str,
        *,
        movable: bool = False,
    ) -> None:
        self._peer = peer
        self._session = peer.session
        self._host = host
        self._cards = cards
        self._identity = identity
        self._wake = wake
        self._boot_id = boot_id
        self._interval = 10.0
        self._next_beat = float("inf")  # until the relay has greeted us
        self._last_beat = 0.0
        self._news_after = _NEWS_INTERVAL
        self._renew_at = float("inf")
        self._movable = movable
        self._move_at = float("inf")
        self._hello: Optional[int] = None
        self._renewal: Optional[int] = None
        self._results: Dict[int, Dict[str, Any]] = {}
        #: Whether something waits only because the relay takes no more yet.
        self._held = False
        self.greeted = False

    def run(self) -> None:
        """Serve until the session ends.

        :raises SessionLost: always, with the reason
        """
        self._say_hello()
        while True:
            for event in self._peer.exchange(self._due()):
                self._handle(event)
            now = time.monotonic()
            if self._wake.stopping:
                raise SessionLost("stopping")
            if self._session.expire(now):
                raise SessionLost("the relay does not answer")
            self._answer()
            if now >= self._move_at:
                raise SessionLost("moving", again=True, elsewhere=True)
            if self.greeted:
                self._held = False
                self._renew(now)
                self._beat(now)
                self._send_results(now)

    def _due(self) -> float:
        expiry = self._session.next_expiry()
        beat = self._next_beat
        if self.greeted and self._host.news:
            beat = min(beat, self._last_beat + self._news_after)
        wanted = [beat, self._clock(self._renew_at)]
        if self._held:
            wanted = [self._session.ready_at(time.monotonic())]
        times = [*wanted, self._move_at]
        if expiry is not None:
            times.append(expiry)
        return min([*times, time.monotonic() + 60])

    def _say_hello(self) -> None:
        hello: Dict[str, Any] = {
            "proto": 1,
            "agent_version": __version__,
            "boot_id": self._boot_id,
            "ready": True,
            "services": self._host.reports(told=True),
            "limits": AGENT._asdict(),
        }
        now = time.monotonic()
        try:
            self._hello = self._session.call(
                "hello", hello, now=now, timeout=_ANSWER
            )
        except WireError:  # thousands of members: their states come later
            for report in hello["services"].values():
                report["members"] = []
            self._host.tell_again()
            self._hello = self._session.call(
                "hello", hello, now=now, timeout=_ANSWER
            )

    def _handle(self, event: Event) -> None:
        if isinstance(event, Request):
            self._serve(event)
        elif isinstance(event, Response):
            self._take(event)
        elif isinstance(event, Failure):
            self._take_failure(event)
        elif isinstance(event, Notification):
            log(f"the relay's {event.method} needs an answer")

    def _serve(self, request: Request) -> None:
        """Answer, or have it answered later by `_answer`."""
        params = request.params
        request_id = params.get("request_id")
        try:
            if request.method in _TOLD:
                log(_sentence(request.method, params), request_id)
            if request.method == "ping":
                data = {"data": params.get("data")}
                self._session.reply(request.id, data)
            elif request.method == "move":
                self._move(request.id, float(params["within_s"]))
            elif request.method == "status":
                self._session.reply(request.id, self._status())
            elif request.method == "interfaces":
                self._change_cards(request)
            elif request.method == "apply":
                self._host.apply(params)
                self._session.reply(request.id, {"accepted": True})
            elif request.method == "remove":
                key = (id(self), request.id)
                self._host.remove(
                    key, params["service_id"], params["generation"]
                )
            elif request.method == "restart":
                key = (id(self), request.id)
                self._host.restart(
                    key,
                    params["service_id"],
                    params.get("operation_id") or "",
                )
            elif request.method == "action":
                self._host.act(
                    (id(self), request.id),
                    params["service_id"],
                    params["action"],
                    params["arguments"],
                )
        except Refusal as refusal:
            log(f"refused: {refusal}", request_id)
            self._session.refuse(
                request.id, _REFUSED, refusal.reason, str(refusal)
            )
        except WireError:
            self._too_large(request.id)
        except OSError as error:
            self._session.refuse(
                request.id, _REFUSED, "state_disk", f"the disk: {error}"
            )

    def _change_cards(self, request: Request) -> None:
        params = request.params
        try:
            missing = self._cards.change(
                params["generation"], params["interfaces"]
            )
        except OSError as error:
            raise Refusal("cards", str(error)) from None
        self._session.reply(request.id, {"missing": missing})

    def _move(self, request_id: int, within: float) -> None:
        """Go to another relay, at a random moment."""
        if not self._movable:
            self._session.refuse(
                request_id, _REFUSED, "nowhere", "there is no other relay"
            )
            return
        self._session.reply(request_id, {})
        moment = time.monotonic() + uniform(0, within)
        self._move_at = min(self._move_at, moment)

    def _status(self) -> Dict[str, Any]:
        return {
            "ready": True,
            "boot_id": self._boot_id,
            "services": self._host.reports(),
        }

    def _answer(self) -> None:
        for key, result, refusal in self._host.answers():
            if not isinstance(key, tuple) or key[0] != id(self):
                continue  # asked in an earlier session
            try:
                if result is None:
                    self._session.refuse(key[1], _REFUSED, "refused", refusal)
                else:
                    self._session.reply(key[1], result)
            except WireError:
                self._too_large(key[1])

    def _too_large(self, request_id: int) -> None:
        self._session.refuse(
            request_id, _REFUSED, "too_large", "the answer fits no frame"
        )

    def _take(self, response: Response) -> None:
        if response.id == self._hello:
            self._greeted(response.result)
        elif response.id == self._renewal:
            self._renewed(response.result)
        elif response.id in self._results:
            self._host.acknowledge(self._results.pop(response.id))

    def _take_failure(self, failure: Failure) -> None:
        if failure.id == self._hello:
            raise SessionLost(f"refused: {failure.message}")
        log(f"the relay refuses: {failure.reason}: {failure.message}")
        if failure.id == self._renewal:
            self._renewal = None
            self._renew_at = time.time() + _RENEW_AGAIN
        else:
            # A result that it will never take must not be sent for ever;
            # one that it cannot take now stays under way, as it were, until
            # the next session.
            result = self._results.get(failure.id)
            if result is not None and failure.code in _NEVER:
                self._host.acknowledge(result)

    def _greeted(self, result: Any) -> None:
        if not isinstance(result, dict):
            raise SessionLost("the relay's greeting is no object")
        interval = result.get("heartbeat_interval")
        if isinstance(interval, (int, float)) and 0 < interval <= 600:
            self._interval = float(interval)
        self._trust(result.get("ca_bundle"))
        self._session.keep_pace(allowance(result.get("limits"), OLD_RELAY))
        self.greeted = True
        self._last_beat = time.monotonic()
        self._plan_beat(self._last_beat)
        self._renew_at = self._identity.renew_at()

    def _trust(self, ca_bundle: Any) -> None:
        if isinstance(ca_bundle, str) and ca_bundle:
            try:
                self._identity.trust(ca_bundle)
            except IdentityError as error:
                log(str(error))

    def _may_send(self, now: float) -> bool:
        """Whether the relay takes more; else it is tried again."""
        self._held = self._session.ready_at(now) > now
        return not self._held

    def _send_results(self, now: float) -> None:
        under_way = list(self._results.values())
        for result in self._host.results():
            if result in under_way or len(self._results) >= 8:
                continue
            if not self._may_send(now):
                return
            call_id = self._session.call(
                "result", result, now=now, timeout=_ANSWER
            )
            self._results[call_id] = result

    def _beat(self, now: float) -> None:
        news = self._host.news and now - self._last_beat >= self._news_after
        if (now < self._next_beat and not news) or not self._may_send(now):
            return
        beat: Dict[str, Any] = {
            "services": self._host.changed_reports(),
            "counters": self._host.counters(),
            "boot_id": self._boot_id,
        }
        self._session.notify("heartbeat", beat, now=now)
        members = sum(len(r["members"]) for r in beat["services"].values())
        self._news_after = max(_NEWS_INTERVAL, members / _MEMBERS_A_SECOND)
        self._last_beat = now
        self._plan_beat(now)

    def _plan_beat(self, now: float) -> None:
        # Spread, lest thousands of devices beat in step.
        jitter = uniform(0.8, 1.2)
        self._next_beat = now + self._interval * jitter

    def _renew(self, now: float) -> None:
        if self._renewal is not None or time.time() < self._renew_at:
            return
        if not self._may_send(now):
            return
        try:
            csr = self._identity.pending_csr()
        except IdentityError as error:
            log(f"renewal: {error}")
            self._renew_at = time.time() + _RENEW_AGAIN
            return
        self._renewal = self._session.call(
            "renew", {"csr": csr}, now=now, timeout=_RENEW_ANSWER
        )

    def _renewed(self, result: Any) -> None:
        try:
            self._identity.accept(
                str(result["certificate"]), str(result["ca_bundle"])
            )
        except (IdentityError, KeyError, TypeError) as error:
            # The present one is good for as long again: no reason to end
            # the session, and to ask at the beginning of each new one.
            log(f"renewal: {error}")
            self._renewal = None
            self._renew_at = time.time() + _RENEW_AGAIN
            return
        # Only the use of a certificate ends the time of the one before.
        raise SessionLost("certificate renewed", again=True)

    def _clock(self, wall: float) -> float:
        """Turn a wall-clock time into a monotonic one."""
        if self._renewal is not None:
            return float("inf")
        return time.monotonic() + max(0.0, wall - time.time())


def _sentence(method: str, params: Dict[str, Any]) -> str:
    if method == "interfaces":
        count = len(params["interfaces"])
        return f"{count} interfaces: generation {params['generation']}"
    of = f"{method} service {params['service_id']}"
    if method == "restart":
        return of
    what = params.get("action") or f"generation {params.get('generation')}"
    return f"{of}: {what}"
