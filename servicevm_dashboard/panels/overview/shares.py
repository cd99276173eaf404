"""Counts of the overview, as bars and tables show them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from servicevm_dashboard import links, words
from servicevm_dashboard.api.servicevm import Quota


@dataclass(frozen=True)
class Share:
    """So many of all have this value.

    :param percent: of all, whole
    :param href: of a list of those; may be empty
    """

    word: Any
    count: int
    percent: int
    tone: str
    value: str
    href: str


@dataclass(frozen=True)
class Kind:
    """Devices, or services.

    :param create: where the first one is made, if the user may; else empty
    """

    title: Any
    total: int
    status: list[Share]
    health: list[Share]
    href: str
    create: str = ""

    @property
    def partly(self) -> Share | None:
        """Those that do not fail, and yet need somebody to look."""
        return next(
            (one for one in self.health if one.value == "DEGRADED"), None
        )


@dataclass(frozen=True)
class Use:
    """What a project has of what it may have; `limit` < 0: of any number."""

    word: Any
    used: int
    limit: int

    @property
    def percent(self) -> int:
        """Of the limit, 100 at most; 0 where there is no limit."""
        if self.limit < 0:
            return 0
        if not self.limit:
            return 100
        return min(100 * self.used // self.limit, 100)

    @property
    def full(self) -> bool:
        """Whether there is room for nothing more; of what is not used at
        all, somebody wanted it so."""
        return 0 <= self.limit <= self.used and self.used > 0


def kind(
    dashboard: str,
    panel: str,
    title: Any,
    counts: Mapping[str, Any],
    *,
    creates: bool = False,
) -> Kind:
    """Of the summary's ``devices`` or ``services``.

    :param creates: whether the user may make one
    """
    href = links.link(dashboard, panel)

    def shares(by: str, table: Mapping[str, Any]) -> list[Share]:
        found, left = [], 100
        for value, count in _ordered(counts[by]):
            percent = _percent(count, counts["total"])
            left -= percent
            found.append(
                Share(
                    words.of(table, value),
                    count,
                    percent,
                    words.tone(value),
                    value,
                    f"{href}?{urlencode({by: value})}" if href else "",
                )
            )
        if found:
            # Together they are all there is; the most common one gives way.
            most = max(found, key=lambda one: one.percent)
            found[found.index(most)] = replace(
                most, percent=most.percent + left
            )
        return found

    return Kind(
        title,
        counts["total"],
        shares("provisioning_status", words.PROVISIONING),
        shares("operating_status", words.OPERATING),
        href,
        links.link(dashboard, panel, "create") if creates else "",
    )


def templates(
    dashboard: str, counts: Iterable[Mapping[str, Any]], total: int
) -> list[Share]:
    """What the devices are made of."""
    return [
        Share(
            one["name"],
            one["count"],
            _percent(one["count"], total),
            "info",
            one["id"],
            links.link(dashboard, "templates", "detail", one["id"]),
        )
        for one in counts
    ]


def uses(quota: Quota) -> list[Use]:
    """Each of its quotas."""
    found = []
    for name, word in words.QUOTA.items():
        entry = quota.to_dict_view().get(name)
        if entry is not None:
            found.append(Use(word, entry["in_use"], entry["limit"]))
    return found


#: What should be looked at stands first.
_GRAVITY = ("danger", "warning", "info", "success")


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Those that there are."""
    return sorted(
        ((value, count) for value, count in counts.items() if count),
        key=lambda one: (_GRAVITY.index(words.tone(one[0])), one[0]),
    )


def _percent(count: int, total: int) -> int:
    # What there is is to be seen.
    return max(100 * count // total, 1) if total else 0
