"""What can be done on tables and details pages.

An action that policy does not allow is not shown. One that is not possible
right now is shown as such and says why; the reason is checked again when it
is asked for.
"""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from horizon import exceptions, messages, tables

from servicevm_dashboard import permitted
from servicevm_dashboard.exceptions import (
    NotAuthenticated,
    ServicevmError,
    Unavailable,
)


class Gated:
    """An action that says why it is not possible.

    For `LinkAction` and `BatchAction`; comes before them in the bases.

    :ivar why: the reason; empty where it is possible
    """

    #: Rule of the service's policy, without ``servicevm:``.
    rule = ""

    why: Any = ""

    def reason(self, request: Any, datum: Any) -> Any:
        """Why it is not possible for this one now; empty if it is.

        :param datum: None for an action on the table
        """
        return ""

    def get_policy_target(self, request: Any, datum: Any) -> dict[str, Any]:
        """What the service's rules ask of a thing."""
        return permitted.target(request, datum)

    def _allowed(self, request: Any, datum: Any = None) -> bool:
        if self.rule and not self._permitted(request, datum):
            return False
        if not super()._allowed(request, datum):  # type: ignore[misc]
            return False
        if datum is not None or isinstance(self, tables.LinkAction):
            self.why = self.reason(request, datum)
        return True

    def _permitted(self, request: Any, datum: Any) -> bool:
        """Whether policy allows it; asked once for rows that are alike."""
        target = self.get_policy_target(request, datum)
        key = (self.rule, *sorted(target.items()))
        known = self.table.decisions  # type: ignore[attr-defined]
        if key not in known:
            known[key] = permitted.allows(request, self.rule, target)
        return bool(known[key])


class LinkAction(Gated, tables.LinkAction):
    """A link to a form."""


class BatchAction(Gated, tables.BatchAction):
    """Done to each of those that are selected; each failure has a reason.

    Its names are made with ``ngettext``: they are asked for with each row,
    and a lazy one costs Django a new class each time.
    """

    #: Whether what it was done to is gone, or about to be.
    removes = False
    #: Whether it asks first: Horizon does for what looks dangerous.
    asks_first = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.asks_first:
            self.action_type = "danger"

    @property
    def consequences(self) -> str:
        """Address of what the dialogue tells besides; see dialogue.js."""
        return ""

    def handle(
        self, table: Any, request: Any, obj_ids: Sequence[str]
    ) -> HttpResponse:
        done: list[str] = []
        away: ServicevmError | None = None
        for ref in obj_ids:
            datum = table.find(ref)
            name = ref if datum is None else table.get_object_display(datum)
            why: Any = away or self._refused(table, request, datum)
            if not why:
                try:
                    self.action(request, ref)
                    done.append(name)
                    continue
                except NotAuthenticated:
                    exceptions.handle(request)
                except Unavailable as error:
                    # Nor will it answer for the others.
                    why = away = error
                except ServicevmError as error:
                    why = error
            messages.error(
                request,
                _("%(action)s: not possible for %(name)s. %(why)s")
                % {
                    "action": self._get_action_name(),
                    "name": name,
                    "why": why,
                },
            )
        if done:
            messages.success(
                request,
                _("%(action)s: %(names)s")
                % {
                    "action": self._get_action_name(done, past=True),
                    "names": ", ".join(done),
                },
            )
        return redirect(self.get_success_url(request))

    def get_success_url(self, request: Any = None) -> str:
        if self.removes and self.table.after_removal:
            return str(self.table.after_removal)
        return str(super().get_success_url(request))

    def _refused(self, table: Any, request: Any, datum: Any) -> Any:
        if datum is None:
            return _("It is gone.")
        why = self.reason(request, datum)
        if not why and not table._filter_action(self, request, datum):
            why = _("You are not allowed to do that.")
        return why


class DeleteAction(BatchAction):
    """Asks first, and looks dangerous."""

    name = "delete"
    icon = "trash"
    removes = True
    asks_first = True
