"""What the plugin's tables have in common.

A table shows one page of a list that the service filtered and sorted. Its
actions are those that policy allows; one that is not possible right now is
shown as such and says why.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import lazystr
from django.utils.html import format_html
from django.utils.translation import gettext as _
from horizon import messages, tables
from horizon.tables import actions as horizon_actions

from servicevm_dashboard import words
from servicevm_dashboard.exceptions import ServicevmError

_ICONS = {
    "success": "fa-circle-check",
    "danger": "fa-circle-xmark",
    "warning": "fa-triangle-exclamation",
    "info": "fa-circle-notch",
}


def status(value: str, table: Mapping[str, Any], reason: str = "") -> Any:
    """A state as HTML: its word, an icon for its tone, and the reason.

    :param table: one of `servicevm_dashboard.words`
    """
    tone = words.tone(value)
    shown = format_html(
        '<span class="servicevm-status">'
        '<span class="fa {} text-{}" aria-hidden="true"></span> {}</span>',
        _ICONS[tone],
        tone,
        words.of(table, value),
    )
    if not reason:
        return shown
    return format_html(
        '{}<span class="servicevm-reason">{}</span>', shown, reason
    )


class Column(tables.Column):
    """A column that the service can sort by.

    :param sort: the service's sort key; without one it is not sorted by
    """

    def __init__(
        self, transform: Any, *, sort: str | None = None, **kwargs: Any
    ) -> None:
        # Horizon's own sorting would sort this page only.
        super().__init__(transform, sortable=False, **kwargs)
        self.sort = sort


class Row(tables.Row):
    """A row that knows in one line what is to be announced of it."""

    def load_cells(self, datum: Any = None) -> None:
        super().load_cells(datum)
        self.attrs["data-said"] = str(self.table.say(self.datum))


class Table(tables.DataTable):
    """One page of a list.

    :ivar pager: set by `servicevm_dashboard.live.LiveTableView`: makes the
        query strings of pages and sort orders
    """

    #: What is shown where there is nothing at all, and what to do.
    empty: Any = ""
    #: And where nothing fits the filter.
    empty_filtered: Any = lazystr(lambda: _("Nothing fits the filter."))

    #: "project" or "admin": whose pages are linked to.
    dashboard = "project"

    pager: Any = None

    def say(self, datum: Any) -> str:
        """What is read to somebody who can not see the row change."""
        return self.get_object_display(datum)

    def get_object_id(self, datum: Any) -> str:
        return str(datum.ref)

    def get_object_display(self, datum: Any) -> str:
        return str(datum.to_dict_view().get("name") or datum.ref)

    def get_empty_message(self) -> Any:
        if self.pager is None:
            return self.empty
        if self.pager.failed:
            return _("The list could not be read.")
        return self.empty_filtered if self.pager.filtered else self.empty

    def get_pagination_string(self) -> str:
        return str(self.pager.next)

    def get_prev_pagination_string(self) -> str:
        return str(self.pager.previous)

    def headers(self) -> Sequence[Mapping[str, Any]]:
        """Each column with the link that sorts by it."""
        found = []
        for column in self.get_columns():
            key = getattr(column, "sort", None)
            order = self.pager.order(key) if self.pager and key else ""
            found.append(
                {
                    "column": column,
                    "order": order,
                    "href": self.pager.sorted_by(key)
                    if self.pager and key
                    else "",
                }
            )
        return found


class Gated:
    """An action that says why it is not possible.

    For `LinkAction` and `BatchAction`; comes before them in the bases.
    """

    #: Rule of the service's policy, without ``servicevm:``.
    rule = ""

    def reason(self, request: Any, datum: Any) -> Any:
        """Why it is not possible for this one now; empty if it is.

        :param datum: None for an action on the table
        """
        return ""

    def get_policy_target(self, request: Any, datum: Any) -> dict[str, Any]:
        """What the service's rules ask of a thing."""
        known = {} if datum is None else datum.to_dict_view()
        return {
            "project_id": known.get("project_id") or request.user.project_id,
            "user_id": known.get("user_id") or request.user.id,
            "initiator": known.get("initiator", "user"),
            "owned": bool(known.get("managed_by")),
            # The API knows; here nobody is one of the cloud's services.
            "owner_id": "",
        }

    def _allowed(self, request: Any, datum: Any = None) -> bool:
        if self.rule:
            self.policy_rules = (("servicevm", f"servicevm:{self.rule}"),)
        if not super()._allowed(request, datum):  # type: ignore[misc]
            return False
        if datum is None and not isinstance(self, tables.LinkAction):
            return True
        self._explain(self.reason(request, datum))
        return True

    def _explain(self, why: Any) -> None:
        attrs: dict[str, Any] = self.attrs  # type: ignore[has-type]
        classes = set(self.classes) - {"disabled"}  # type: ignore[has-type]
        for name in ("aria-disabled", "title"):
            attrs.pop(name, None)
        if why:
            classes.add("disabled")
            attrs |= {"aria-disabled": "true", "title": str(why)}
        self.classes = classes


class LinkAction(Gated, tables.LinkAction):
    """A link to a form."""


class BatchAction(Gated, tables.BatchAction):
    """Done to each of those that are selected; each failure has a reason."""

    def handle(self, table: Any, request: Any, obj_ids: Sequence[str]) -> Any:
        done = []
        for ref in obj_ids:
            datum = table.get_object_by_id(ref)
            name = table.get_object_display(datum)
            why: Any = self.reason(request, datum)
            if not table._filter_action(self, request, datum):
                why = _("You are not allowed to do that.")
            if not why:
                try:
                    self.action(request, ref)
                    done.append(name)
                    continue
                except ServicevmError as error:
                    why = str(error)
            messages.error(
                request,
                _("%(action)s: %(name)s. %(why)s")
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
        return horizon_actions.shortcuts.redirect(
            self.get_success_url(request)
        )


class DeleteAction(BatchAction):
    """Asks first, and looks dangerous."""

    name = "delete"
    icon = "trash"
    action_type = "danger"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.action_type = "danger"
