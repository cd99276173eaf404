"""What something takes of the quotas, beside what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import words
from servicevm_dashboard.api.servicevm import DeviceTemplate, Quota

#: Quotas of which deleted services give something back.
_OF_SERVICES = frozenset({"services", "slots"})


@dataclass(frozen=True)
class Take:
    """Of one quota.

    :param name: the service's, e.g. ``vcpus``
    :param limit: -1 is unlimited
    :param more: what it would take
    """

    name: str
    word: Any
    limit: int
    in_use: int
    more: int

    @property
    def unlimited(self) -> bool:
        return self.limit < 0

    @property
    def over(self) -> bool:
        """Whether that is more than there is."""
        return (
            not self.unlimited
            and self.more > 0
            and self.in_use + self.more > self.limit
        )

    @property
    def used_percent(self) -> int:
        return self._percent(self.in_use)

    @property
    def more_percent(self) -> int:
        """Of the limit; with what is used at most 100."""
        both = self._percent(self.in_use + self.more)
        return both - self.used_percent

    @property
    def refusal(self) -> str:
        """Why not."""
        return _(
            "%(quota)s: %(in_use)s of %(limit)s in use; this takes %(more)s."
        ) % {"quota": self.word, **self._values}

    @property
    def sentence(self) -> str:
        """How much that is, where it is plain of what."""
        if self.unlimited:
            return (
                _("%(in_use)s in use; this takes %(more)s; there is no limit.")
                % self._values
            )
        return (
            _("%(in_use)s of %(limit)s in use; this takes %(more)s.")
            % self._values
        )

    @property
    def _values(self) -> Mapping[str, int]:
        return {
            "limit": self.limit,
            "in_use": self.in_use,
            "more": self.more,
        }

    def _percent(self, count: int) -> int:
        if self.unlimited:
            return 0
        if not self.limit:
            return 100 if count else 0
        return min(100, 100 * count // self.limit)


def takes(quota: Quota | None, wanted: Mapping[str, int]) -> Sequence[Take]:
    """Of each quota that it takes something of.

    :param quota: None where it is not known: nothing is refused then
    :param wanted: quota to how much
    """
    if quota is None:
        return []
    entries = quota.to_dict_view()
    return [
        Take(
            name,
            words.of(words.QUOTA, name),
            entries[name]["limit"],
            entries[name]["in_use"],
            more,
        )
        for name, more in wanted.items()
        if more and entries.get(name)
    ]


def refusal(found: Sequence[Take]) -> str:
    """Why it is more than the quota; empty if it is not."""
    return " ".join(take.refusal for take in found if take.over)


def reason(found: Sequence[Take]) -> str:
    """The same, with what can be done about it."""
    return " ".join(filter(None, (refusal(found), advice(found))))


def advice(found: Sequence[Take]) -> str:
    """What to do where it is more than the quota; empty if it is not."""
    over = [take for take in found if take.over]
    if not over:
        return ""
    if any(take.more > take.limit for take in over):
        # There is nothing to delete that would be enough.
        return _("Ask an administrator for a larger quota.")
    if any(take.name in _OF_SERVICES for take in over):
        return _(
            "Delete a service that is no longer needed, or ask an "
            "administrator for a larger quota."
        )
    return _(
        "Delete a device that is no longer needed, or ask an administrator "
        "for a larger quota."
    )


def dead_end(found: Sequence[Take]) -> Mapping[str, Any]:
    """For a page that leads no further; empty if it does."""
    over = [take for take in found if take.over]
    if not over:
        return {}
    return {
        "refused": _("The quota leaves no room for it."),
        "reasons": [take.refusal for take in over],
        "advice": advice(over),
    }


def least(each: Sequence[Sequence[Take]]) -> Sequence[Take]:
    """Of the quotas that are too small for all of several, the least.

    :param each: what each of them takes
    """
    over = [{one.name: one for one in found if one.over} for found in each]
    first = over[0] if over else {}
    return [
        min((found[name] for found in over), key=lambda take: take.more)
        for name in first
        if all(name in found for found in over)
    ]


def footprint(template: DeviceTemplate) -> dict[str, int]:
    """What a device of it takes of the quotas, as far as it is known."""
    said = template.footprint or {}
    amounts = {"vcpus": said.get("vcpus"), "ram": said.get("ram_mib")}
    known = {name: one for name, one in amounts.items() if one is not None}
    return {"devices": 1, **known}
