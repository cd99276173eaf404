"""Names of what Keystone knows, for who may see all of them."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.cache import cache

LOG = logging.getLogger(__name__)

#: Seconds that names are kept, and that none were given: a table is looked
#: at again every 5 s.
_KEPT = 60
#: Most that are kept; of more, those that were looked for and, where all are
#: wanted, the first by name. Caches refuse what is large: memcached has 1 MiB
#: for an entry.
MOST = 5000


@dataclass
class _Known:
    """What a request knows.

    :param names: by id; "" of what was looked for and is not there
    :param whole: whether that is all that Keystone gave, if any
    :ivar asked: Keystone was asked by this request
    :ivar sought: what this request looked for
    """

    names: dict[str, str]
    whole: bool
    asked: bool = False
    sought: set[str] = field(default_factory=set)


class Names:
    """Ids and names of one kind.

    Keystone is asked for all of them: at most once a request, and not at all
    while they are kept.

    :param kind: e.g. ``projects``
    :param read: gives all of them, for a request
    """

    def __init__(
        self, kind: str, read: Callable[[Any], Iterable[Any]]
    ) -> None:
        self._kind = kind
        self._read = read

    def of(
        self, request: Any, *wanted: str, whole: bool = False
    ) -> Mapping[str, str]:
        """Id to name of what is wanted, and of others.

        :param wanted: ids that are looked for; one that is younger than what
            is kept is found, too. Its name is "" if there is none.
        :param whole: all others; without, those that are known anyway
        """
        known = self._known(request)
        enough = known.whole or not whole
        if enough and all(one in known.names for one in wanted):
            return known.names
        if not known.asked:
            known.names.update(self._all(request))
            known.asked = known.whole = True
        for one in wanted:
            known.names.setdefault(one, "")
        self._keep(request, known, wanted, whole)
        return known.names

    def _known(self, request: Any) -> "_Known":
        """What this request knows; the cache is asked once for all rows."""
        attribute = f"_servicevm_{self._kind}"
        if not hasattr(request, attribute):
            whole, names = cache.get(self._key(request)) or (False, {})
            setattr(request, attribute, _Known(dict(names), whole))
        found: _Known = getattr(request, attribute)
        return found

    def _keep(
        self,
        request: Any,
        known: "_Known",
        wanted: Iterable[str],
        whole: bool,
    ) -> None:
        known.sought.update(wanted)
        kept = known.whole, known.names
        if len(known.names) > MOST:
            sought = {one: known.names[one] for one in known.sought}
            # Nobody asks for all of them again at each look at a table.
            first = by_name(known.names)[:MOST] if whole else []
            kept = whole, {**dict(first), **sought}
        cache.set(self._key(request), kept, _KEPT)

    def _all(self, request: Any) -> Mapping[str, str]:
        try:
            return {one.id: one.name for one in self._read(request)}
        except Exception as error:
            # A table without names is of more use than none.
            LOG.warning("The %s could not be read: %s", self._kind, error)
            return {}

    def _key(self, request: Any) -> str:
        user = request.user
        return f"servicevm:{self._kind}:{user.id}:{user.project_id}"


def by_name(names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Id and name of those that have one, as people look for them."""
    known = [(ref, name) for ref, name in names.items() if name]
    return sorted(known, key=lambda one: (one[1].lower(), one[0]))
