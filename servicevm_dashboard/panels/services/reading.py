"""What services' pages show of what the service says."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from django.core.cache import cache
from django.utils.translation import gettext as _

from servicevm_dashboard import words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client

__all__ = ["actions", "as_yaml", "summary", "url"]

#: Seconds that the declaration of a service type is remembered: it changes
#: with the release that is installed.
_REMEMBERED = 300
#: Asked for by a page of its own.
_SHOWN_ELSEWHERE = frozenset({"stats"})


def actions(request: Any, name: str) -> Mapping[str, Any]:
    """Actions that a service type declares: name to JSON Schema.

    :raises ServicevmError: where it can not be read
    """
    # Another region may have another release.
    key = f"servicevm-actions-{servicevm.endpoint(request)}-{name}"
    found = cache.get(key)
    if found is None:
        declared = servicevm.call(request, Client.get_service_type, name)
        found = {
            action: schema
            for action, schema in (declared.actions or {}).items()
            if action not in _SHOWN_ELSEWHERE
        }
        cache.set(key, found, _REMEMBERED)
    return dict(found)


def url(endpoint: Mapping[str, Any]) -> tuple[str, str]:
    """How an endpoint is written, and where it leads a browser.

    :returns: the latter is empty where a browser can not go
    """
    address = endpoint["address"]
    host = f"[{address}]" if ":" in address else address
    text = f"{endpoint['protocol']}://{host}:{endpoint['port']}"
    return text, text if endpoint["protocol"] in ("http", "https") else ""


def summary(config: Mapping[str, Any]) -> Sequence[str]:
    """``Listeners: 2``, ``Pools: 1``: what there is how many of."""
    return [
        _("%(what)s: %(count)d")
        % {"what": words.of(words.PART, key), "count": len(value)}
        for key, value in config.items()
        if isinstance(value, list)
    ]


def as_yaml(document: Any) -> str:
    """A document as people like to read it."""
    return str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
