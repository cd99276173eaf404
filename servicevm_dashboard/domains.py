"""What the domains are called in which healing stops. Pure."""

from typing import Any

from django.utils.translation import gettext as _

__all__ = ["told"]


def told(domain: str) -> Any:
    """In words: ``zone:east`` is "Availability zone east".

    :param domain: ``fleet``, ``relay-group:NAME`` or ``zone:NAME``
    """
    kind, _colon, name = domain.partition(":")
    if kind == "fleet":
        return _("All devices")
    if kind == "relay-group":
        return _("Relay group %(name)s") % {"name": name}
    if kind == "zone":
        return _("Availability zone %(name)s") % {"name": name}
    return domain
