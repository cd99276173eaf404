"""Names of projects, for who may see all of them."""

import logging
from collections.abc import Mapping
from typing import Any

from django.core.cache import cache
from horizon.utils.memoized import memoized
from openstack_dashboard.api import keystone

LOG = logging.getLogger(__name__)

#: Seconds that names are kept: a table is looked at again every 5 s.
_KEPT = 60


@memoized
def _read(request: Any) -> Mapping[str, str]:
    """All of them, from Keystone: at most once a request."""
    try:
        found, _more = keystone.tenant_list(request)
    except Exception as error:
        # A table without names is of more use than none.
        LOG.warning("The projects could not be read: %s", error)
        return {}
    return {project.id: project.name for project in found}


@memoized
def _kept(request: Any) -> dict[str, str]:
    """What is known of them; looked up once, though each row asks."""
    return dict(cache.get(_key(request)) or {})


def _key(request: Any) -> str:
    return f"servicevm:projects:{request.user.id}:{request.user.project_id}"


def names(request: Any, *wanted: str) -> Mapping[str, str]:
    """Id to name of all projects; empty where Keystone gives none.

    :param wanted: ids that are looked for; a project that is younger than
        what is kept is found, too. Their name is "" if there is none.
    """
    kept = _kept(request)
    if not kept or any(one not in kept for one in wanted):
        kept.update(dict.fromkeys(wanted, "") | kept | _read(request))
        if any(kept.values()):
            cache.set(_key(request), kept, _KEPT)
    return kept


def name(request: Any, project_id: str) -> str:
    """What the project is called; its id where that is not known."""
    return names(request, project_id)[project_id] or project_id


def choices(request: Any, *wanted: str) -> list[tuple[str, str]]:
    """Id and name, by name; of a field that asks for a project.

    :param wanted: as for `names`
    """
    found = names(request, *wanted)
    known = [(ref, name) for ref, name in found.items() if name]
    return sorted(known, key=lambda one: one[1].lower())
