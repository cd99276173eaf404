"""What an event says, in the language of the page.

By its type, its code and its facts; see "Events" in doc/source/api.rst. Of
types that nobody knew here, and of events that a release before wrote, the
service's own sentence is shown.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import domains, reasons, words

__all__ = ["about", "details", "happened", "sentence"]


def happened(event: Any) -> Any:
    """``Health changed``; of a type that nobody knew, nothing."""
    if event.type.startswith("agent."):
        return words.EVENT["agent"]
    return words.EVENT.get(event.type, "")


def details(event: Any) -> str:
    """What is to be told beyond that; may be empty."""
    tell = _DETAILS.get(event.type)
    if tell is None:
        # What was asked for is told by its type and by who asked.
        known = event.user_id and event.type in words.EVENT
        return "" if known or event.type in _PLAIN else str(event.message)
    facts = event.facts
    return tell(event, facts) if facts else str(event.message)


def sentence(event: Any) -> str:
    """All of it in a line, for who can not see the table."""
    told = ": ".join(
        str(each) for each in (happened(event), details(event)) if each
    )
    return _("%(what)s: %(happened)s") % {
        "what": about(event),
        "happened": told,
    }


def about(event: Any) -> Any:
    """``Device lb1``: what it happened to."""
    kind = words.of(words.RESOURCE, event.resource_type)
    if not event.resource_name:
        return kind
    return _("%(kind)s %(name)s") % {
        "kind": kind,
        "name": event.resource_name,
    }


def _revision(event: Any, facts: Mapping[str, Any]) -> str:
    return _("Revision %(number)s") % {"number": facts.get("revision")}


def _health(event: Any, facts: Mapping[str, Any]) -> str:
    state = str(words.of(words.OPERATING, facts.get("status")))
    if facts.get("device_name"):
        return _("%(state)s, as its device %(device)s is") % {
            "state": state,
            "device": facts["device_name"],
        }
    why = _why(event, facts)
    if not why:
        return state
    return _("%(state)s: %(why)s") % {"state": state, "why": why}


def _operation(event: Any, facts: Mapping[str, Any]) -> str:
    key = event.resource_type, str(facts.get("action"))
    what = words.OPERATION_NAME.get(key, words.of(words.ACTION, key[1]))
    why = _why(event, facts) if event.code else ""
    if not why:
        return str(what)
    return _("%(operation)s: %(why)s") % {"operation": what, "why": why}


def _why(event: Any, facts: Mapping[str, Any]) -> str:
    return reasons.told(event.code, facts.get("detail"))


def _peer(event: Any, facts: Mapping[str, Any]) -> str:
    peer, why = facts.get("peer"), reasons.said(facts.get("detail"))
    if not why:
        return _("From %(peer)s") % {"peer": peer}
    return _("From %(peer)s: %(why)s") % {"peer": peer, "why": why}


def _opened(event: Any, facts: Mapping[str, Any]) -> str:
    return _("Version %(version)s, to the relay %(relay)s") % {
        "version": facts.get("agent_version"),
        "relay": facts.get("relay"),
    }


def _closed(event: Any, facts: Mapping[str, Any]) -> str:
    return reasons.said(facts.get("detail"))


def _named(event: Any, facts: Mapping[str, Any]) -> str:
    return str(facts.get("name") or "")


def _held(event: Any, facts: Mapping[str, Any]) -> str:
    return _("%(what)s: %(why)s") % {
        "what": words.of(words.HOLD, facts.get("scope")),
        "why": facts.get("reason"),
    }


def _healing(event: Any, facts: Mapping[str, Any]) -> str:
    return _("%(action)s, attempt %(number)s") % {
        "action": words.of(words.ACTION, facts.get("action")),
        "number": facts.get("attempt"),
    }


def _attempts(event: Any, facts: Mapping[str, Any]) -> str:
    return _("After %(number)s attempts") % {"number": facts.get("attempts")}


def _domain(event: Any, facts: Mapping[str, Any]) -> str:
    return str(domains.told(facts.get("domain") or ""))


def _limits(event: Any, facts: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{words.of(words.QUOTA, name)}: {_limit(limit)}"
        for name, limit in (facts.get("limits") or {}).items()
    )


def _limit(limit: int | None) -> str:
    if limit is None:
        return _("the default")
    return _("no limit") if limit < 0 else str(limit)


def _host(event: Any, facts: Mapping[str, Any]) -> str:
    return _("On %(host)s") % {"host": facts.get("host")}


def _hosts(event: Any, facts: Mapping[str, Any]) -> str:
    return _("On %(hosts)s: give one of them another name") % {
        "hosts": ", ".join(facts.get("hosts") or ())
    }


#: Those whose type says all.
_PLAIN = frozenset({"device.deleted", "service.deleted"})

_DETAILS: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    **dict.fromkeys(
        (
            "device_template.create",
            "device_template.update",
            "device_template.delete",
        ),
        _revision,
    ),
    **dict.fromkeys(
        ("device.operating_status", "service.operating_status"), _health
    ),
    **dict.fromkeys(
        (
            "operation.cancel",
            "operation.retry",
            "operation.succeeded",
            "operation.failed",
            "operation.cancelled",
            "operation.superseded",
        ),
        _operation,
    ),
    "device.enrolled": _peer,
    "device.enrolment_refused": _peer,
    "device.session_opened": _opened,
    "device.session_closed": _closed,
    "device.relay_refused": _closed,
    **dict.fromkeys(
        ("relay_group.create", "relay_group.update", "relay_group.delete"),
        _named,
    ),
    **dict.fromkeys(("hold.set", "hold.unset", "hold.expired"), _held),
    **dict.fromkeys(("device.healing", "service.healing"), _healing),
    **dict.fromkeys(
        (
            "device.healed",
            "device.healing_gave_up",
            "service.healed",
            "service.healing_gave_up",
        ),
        _attempts,
    ),
    **dict.fromkeys(
        (
            "breaker.tripped",
            "breaker.closed",
            "breaker.release",
            "breaker.stop",
        ),
        _domain,
    ),
    "quota.update": _limits,
    "relay.drain": _host,
    "relay.resume": _host,
    "relay.duplicate_name": _hosts,
    "conductor.duplicate_name": _hosts,
    "api.duplicate_name": _hosts,
}
