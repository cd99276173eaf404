"""Names of users, for who may see all of them."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from openstack_dashboard import policy
from openstack_dashboard.api import keystone

from servicevm_dashboard.api.names import Names


def _read(request: Any) -> Iterable[Any]:
    # As Horizon's own panel of users does.
    if not policy.check((("identity", "identity:list_users"),), request):
        return ()
    return keystone.user_list(request)  # type: ignore[no-any-return]


_NAMES = Names("users", _read)


def who(request: Any, user_id: str | None, *, everybody: bool) -> str:
    """What a user is called: ``You``, a name, or ``Another user``.

    :param everybody: whether names of others are asked for, as on the
        administrator's pages: nobody else may see them
    """
    if user_id == request.user.id:
        return _("You")
    name = ""
    if everybody and user_id:
        name = _NAMES.of(request, user_id)[user_id]
    # Of the project or not: administrators and other services act on it, too.
    return name or _("Another user")
