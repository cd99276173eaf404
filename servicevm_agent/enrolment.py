"""Turn the one-time token into a certificate."""

from __future__ import annotations

import time
from typing import Any

from servicevm_agent.identity import Identity, IdentityError
from servicevm_agent.peer import Peer, SessionLost
from servicevm_agent.wire import Failure, Response

#: Seconds; a person or another process may be signing.
_ANSWER = 30.0


def enrol(peer: Peer, identity: Identity, token: str, device_id: str) -> None:
    """Turn the token and our key into a certificate.

    :raises SessionLost: it did not work this time
    """
    params = {"token": token, "csr": identity.pending_csr()}
    asked = peer.session.call(
        "enrol", params, now=time.monotonic(), timeout=_ANSWER
    )
    while True:
        now = time.monotonic()
        for event in peer.exchange(peer.session.next_expiry() or now):
            if isinstance(event, Failure) and event.id == asked:
                raise SessionLost(f"enrolment refused: {event.message}")
            if isinstance(event, Response) and event.id == asked:
                _enrolled(event.result, identity, device_id)
                return
        if peer.session.expire(time.monotonic()):
            raise SessionLost("no answer to the enrolment")


def _enrolled(result: Any, identity: Identity, device_id: str) -> None:
    try:
        if result["device_id"] != device_id:
            raise SessionLost("enrolled as another device")
        identity.accept(str(result["certificate"]), str(result["ca_bundle"]))
    except (IdentityError, KeyError, TypeError) as error:
        raise SessionLost(f"enrolment: {error}") from None
