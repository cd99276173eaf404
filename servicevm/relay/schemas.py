"""What agents may say, as data: method by method, both ways.

The limits follow the service types' own (64 pools of 256 members) and what
fits a frame.
"""

from collections.abc import Mapping
from typing import Any

from servicevm.relay.shapes import (
    Anything,
    Array,
    Boolean,
    Check,
    Choice,
    Integer,
    Map,
    Optional,
    Record,
    Text,
    Word,
    check,
)
from servicevm.relay.tallies import COUNTERS
from servicevm.states import OperatingStatus, Severity

_UUID = Word(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = Word(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
#: Empty while the agent has never applied anything.
_DIGEST = Word(r"(sha256:[0-9a-f]{64})?")
_STATUS = Choice(frozenset(OperatingStatus))
_CSR = Word(r"[\x20-\x7e\r\n]{1,8192}")

MEMBER = Record(
    required={"pool": _NAME, "name": _NAME, "operating_status": _STATUS},
    optional={},
)

#: What an agent says of one service.
REPORT = Record(
    required={
        "generation": Integer(),
        "digest": _DIGEST,
        "operating_status": _STATUS,
    },
    optional={
        "failed_generation": Optional(Integer()),
        "detail": Text(4096),
        "members": Array(MEMBER, 64 * 256),
    },
)

_REPORTS = Map(_UUID, REPORT, 64)
_MAC = Word(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_BOOT_ID = Word(r"[A-Za-z0-9-]{1,64}")
_VERSION = Word(r"[A-Za-z0-9.+_-]{1,64}")

#: Messages that an agent takes of its relay; see `wire.allowance`. That a
#: newer agent says it in another way is no reason to refuse the agent.
_LIMITS = Anything(2)

ENROL = Record(
    required={"token": Word(r"[A-Za-z0-9_-]{16,256}"), "csr": _CSR},
    optional={},
)
HELLO = Record(
    required={
        "proto": Integer(1, 1),
        "agent_version": _VERSION,
        "boot_id": _BOOT_ID,
        "ready": Boolean(),
        "services": _REPORTS,
    },
    optional={"limits": _LIMITS},
)
#: What services have had since the boot; of what else they count nothing is
#: told on.
_COUNTERS = Map(
    _UUID,
    Record(required={}, optional=dict.fromkeys(COUNTERS, Integer())),
    64,
)
HEARTBEAT = Record(
    required={"services": _REPORTS, "boot_id": _BOOT_ID},
    optional={"counters": _COUNTERS},
)
RESULT = Record(
    required={
        "service_id": _UUID,
        "generation": Integer(),
        "digest": _DIGEST,
        "ok": Boolean(),
        "operating_status": _STATUS,
    },
    optional={"detail": Text(8192)},
)
EVENT = Record(
    required={
        "type": Word(r"[a-z][a-z0-9_.-]{0,63}"),
        "severity": Choice(frozenset(Severity)),
        "message": Text(2048),
    },
    optional={},
)
RENEW = Record(required={"csr": _CSR}, optional={})

#: What a session may ask of us after its hello.
REQUESTS: Mapping[str, Check] = {
    "hello": check(HELLO, "hello"),
    "heartbeat": check(HEARTBEAT, "heartbeat"),
    "result": check(RESULT, "result"),
    "event": check(EVENT, "event"),
    "renew": check(RENEW, "renew"),
}

#: The same for `wire.Session`: checking is also copying, so that it is done
#: once, where the copy is used.
METHODS: Mapping[str, Check] = dict.fromkeys(REQUESTS, lambda params: None)

#: What a connection that has no certificate may ask.
ENROLMENT: Mapping[str, Check] = {"enrol": check(ENROL, "enrol")}

#: What an agent answers to what we ask: method to shape of its result.
RESULTS: Mapping[str, Check] = {
    "apply": check(Record({"accepted": Boolean()}, {}), "result"),
    "remove": check(Anything(), "result"),
    "restart": check(Anything(), "result"),
    "interfaces": check(Record({"missing": Array(_MAC, 16)}, {}), "result"),
    "action": check(Anything(), "result"),
    "status": check(
        Record(
            required={
                "ready": Boolean(),
                "boot_id": _BOOT_ID,
                "services": _REPORTS,
            },
            optional={},
        ),
        "result",
    ),
    "ping": check(Anything(), "result"),
    "move": check(Anything(), "result"),
}


def cleaned_beat(params: Any) -> dict[str, Any]:
    """Check a heartbeat; give what of it is known, cleaned.

    :raises ValueError: with a sentence
    """
    return HEARTBEAT.clean(params, "heartbeat")
