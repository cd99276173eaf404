"""Names of what Keystone knows, for who may see all of them."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.core.cache import cache

LOG = logging.getLogger(__name__)

#: Seconds that names are kept: a table is looked at again every 5 s.
_KEPT = 60


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

    def of(self, request: Any, *wanted: str) -> Mapping[str, str]:
        """Id to name of all; empty where Keystone gives none.

        :param wanted: ids that are looked for; one that is younger than what
            is kept is found, too. Its name is "" if there is none.
        """
        known = self._known(request)
        if known and all(one in known for one in wanted):
            return known
        if not self._asked(request):
            known.update(self._all(request))
        known.update(dict.fromkeys(wanted, "") | known)
        if any(known.values()):
            cache.set(self._key(request), known, _KEPT)
        return known

    def _known(self, request: Any) -> dict[str, str]:
        """What this request knows; the cache is asked once for all rows."""
        attribute = f"_servicevm_{self._kind}"
        if not hasattr(request, attribute):
            setattr(
                request, attribute, dict(cache.get(self._key(request)) or {})
            )
        found: dict[str, str] = getattr(request, attribute)
        return found

    def _asked(self, request: Any) -> bool:
        """Whether this request has asked Keystone; from now on, it has."""
        attribute = f"_servicevm_{self._kind}_asked"
        found = hasattr(request, attribute)
        setattr(request, attribute, True)
        return found

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
