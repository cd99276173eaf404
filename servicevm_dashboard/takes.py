"""What something takes of the quotas, beside what there is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard import words
from servicevm_dashboard.api.servicevm import Quota


@dataclass(frozen=True)
class Take:
    """Of one quota.

    :param limit: -1 is unlimited
    :param more: what it would take
    """

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
    def sentence(self) -> str:
        """Why not, or how much that is."""
        values = {
            "quota": self.word,
            "limit": self.limit,
            "in_use": self.in_use,
            "more": self.more,
        }
        if self.over:
            return (
                _(
                    "%(quota)s: %(in_use)s of %(limit)s are in use, and this "
                    "takes %(more)s."
                )
                % values
            )
        if self.unlimited:
            return _("%(in_use)s in use, %(more)s more; no limit") % values
        return _("%(in_use)s of %(limit)s in use, %(more)s more") % values

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
    return " ".join(take.sentence for take in found if take.over)


def footprint(
    options: Mapping[str, Any], schema: Mapping[str, Any]
) -> dict[str, int]:
    """What a device takes of the quotas.

    :param options: the template's ``infra_options``
    :param schema: of them, the driver's: has what is not said
    """
    properties = schema.get("properties", {})

    def of(key: str) -> int:
        value = options.get(key, properties.get(key, {}).get("default", 0))
        return value if isinstance(value, int) else 0

    return {"devices": 1, "vcpus": of("vcpus"), "ram": of("memory_mib")}
