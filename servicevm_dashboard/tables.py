"""What the plugin's tables have in common.

A table shows one page of a list that the service filtered and sorted. It
can be used for a few things that are known already, too: give it ``data``.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from horizon import tables
from horizon.tables.base import DataTableMetaclass
from horizon.utils import filters

from servicevm_dashboard import advice, condition, links, moments, words
from servicevm_dashboard.actions import (
    BatchAction,
    DeleteAction,
    Gated,
    LinkAction,
)

__all__ = [
    "AGE",
    "AGO",
    "BatchAction",
    "Cell",
    "Column",
    "DeleteAction",
    "Gated",
    "LinkAction",
    "Row",
    "Table",
    "both",
    "lines",
    "operating",
    "provisioning",
    "status",
]

#: Filters of a column with a time: "3 minutes", or "Never".
AGE = (filters.parse_isotime, moments.age)
#: The same of what has happened: "3 minutes ago".
AGO = (filters.parse_isotime, moments.ago)

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


def provisioning(datum: Any) -> Any:
    """A device's or service's provisioning status, with the reason.

    What is as it was asked for is not shown as good: its health says that.
    """
    value = condition.provisioning(datum)
    if not value:
        return words.of(words.PROVISIONING, datum.provisioning_status)
    return status(value, words.PROVISIONING, advice.reason(datum))


def operating(datum: Any) -> Any:
    """A device's or service's operating status, if need be with the reason.

    Of what is active, the reason is about its health.
    """
    value = condition.health(datum)
    if not value:
        return "-"
    settled = not condition.provisioning(datum)
    return status(
        value, words.OPERATING, advice.reason(datum) if settled else ""
    )


def lines(found: Iterable[Any]) -> Any:
    """Each on a line of its own; a dash where there is none."""
    joined = format_html_join("", "<div>{}</div>", ((one,) for one in found))
    return joined or "-"


def both(datum: Any) -> str:
    """``lb1: Online``, or ``lb1: Updating, Online``."""
    told = condition.told(datum)
    if len(told) == 1:
        return _("%(name)s: %(state)s") % {
            "name": datum.name,
            "state": told[0],
        }
    return _("%(name)s: %(status)s, %(health)s") % {
        "name": datum.name,
        "status": told[0],
        "health": told[1],
    }


class Column(tables.Column):
    """A column that the service can sort by.

    :param sort: the service's sort key; without one it is not sorted by
    :param panel: of whose details page the text is a link to, e.g.
        ``devices``; in the dashboard that the table is in
    :param ref: attribute that names what is linked to
    """

    def __init__(
        self,
        transform: Any,
        *,
        sort: str | None = None,
        panel: str | None = None,
        ref: str = "ref",
        **kwargs: Any,
    ) -> None:
        if panel:
            kwargs["link"] = panel
        # Horizon's own sorting would sort this page only.
        super().__init__(transform, sortable=False, **kwargs)
        self.sort = sort
        self.panel = panel
        self.ref = ref

    def get_link_url(self, datum: Any) -> str | None:
        if not self.panel:
            found: str | None = super().get_link_url(datum)
            return found
        ref = getattr(datum, self.ref)
        return self.table.link(self.panel, "detail", ref) if ref else None


class Cell(tables.base.Cell):
    """A cell whose box says what it selects, to whom can not see it."""

    def get_data(self, datum: Any, column: Any, row: Any) -> Any:
        if column.auto != "multi_select":
            return super().get_data(datum, column, row)
        ref = row.table.get_object_id(datum)
        # As Horizon's, which has no label and an id that never is the same.
        data = format_html(
            '<div class="themable-checkbox"><input type="checkbox"'
            ' name="object_ids" value="{ref}" id="{id}" aria-label="{label}"'
            ' class="table-row-multi-select"><label for="{id}"></label></div>',
            ref=ref,
            id=f"{row.table.name}__select__{ref}",
            label=_("Select %(name)s")
            % {"name": row.table.get_object_display(datum)},
        )
        row.table._data_cache[column][ref] = data
        return data


class Row(tables.Row):
    """A row that knows in one line what is to be announced of it."""

    def load_cells(self, datum: Any = None) -> None:
        super().load_cells(datum)
        # Escaped when it is rendered; Horizon would do it twice.
        self.attrs["data-display"] = self.table.get_object_display(self.datum)
        self.attrs["data-said"] = str(self.table.say(self.datum))


class _Defaults:
    """What the Meta of a table says where it does not."""

    template = "servicevm/_table.html"
    table_actions_template = "servicevm/_table_actions.html"
    row_actions_dropdown_template = "servicevm/_row_actions.html"
    row_class = Row
    cell_class = Cell
    # Pages are named below the table alone.
    footer = False


class _Metaclass(DataTableMetaclass):
    def __new__(
        mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]
    ) -> Any:
        own = (attrs["Meta"],) if "Meta" in attrs else ()
        attrs["Meta"] = type("Meta", (*own, _Defaults), {})
        return super().__new__(mcs, name, bases, attrs)


class Table(tables.DataTable, metaclass=_Metaclass):
    """One page of a list.

    :ivar pager: set by `servicevm_dashboard.live.LiveTableView`: makes the
        query strings of pages and sort orders
    :ivar after_removal: where to go when what is shown was deleted; nothing
        where the page is still there
    """

    #: What is shown where there is nothing at all, and what to do.
    empty: Any = ""
    #: And where nothing fits the filter.
    empty_filtered: Any = gettext_lazy("Nothing fits the filter.")

    #: "project" or "admin": whose pages are linked to.
    dashboard = "project"

    pager: Any = None
    after_removal = ""

    def __init__(self, request: Any, *args: Any, **kwargs: Any) -> None:
        # Horizon's are one for all threads, and know their table.
        self.base_actions = {
            name: type(action)() for name, action in self.base_actions.items()
        }
        #: Of policy, for rows that are alike; see `actions.Gated`.
        self.decisions: dict[Any, bool] = {}
        super().__init__(request, *args, **kwargs)
        for column in self.columns.values():
            column.classes = list(column.classes)

    def link(self, panel: str, name: str = "index", *args: str) -> str:
        """Of a page of a panel, in the dashboard that the table is in."""
        return links.link(self.dashboard, panel, name, *args)

    def say(self, datum: Any) -> str:
        """What is read to somebody who can not see the row change."""
        return self.get_object_display(datum)

    def find(self, ref: str) -> Any:
        """The one with this id; None where it is not here."""
        return next(
            (one for one in self.data if self.get_object_id(one) == ref), None
        )

    def show_boxes(self) -> None:
        """Boxes for selecting are there if there is what to do with many."""
        # Only these: a link to a form may ask the service for the quota.
        actions = (
            self.base_actions[each.name]
            for each in (
                *self._meta.table_actions,
                *self._meta.table_actions_menu,
            )
            if issubclass(each, tables.BatchAction)
        )
        self.set_multiselect_column_visibility(
            any(self._filter_action(each, self.request) for each in actions)
        )

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

    # Horizon keeps both in a place that all threads share.
    def has_more_data(self) -> bool:
        return bool(self.pager) and self.pager.page.next_marker is not None

    def has_prev_data(self) -> bool:
        return bool(self.pager) and self.pager.page.previous_marker is not None

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
