"""Index pages: one page of a list, filtered, sorted and kept up to date.

::

    GET /project/servicevm_devices/?name_prefix=lb&sort=name:asc
    GET ... &fragment=rows      the same rows as JSON, asked for every 5 s
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from horizon import exceptions, tables
from horizon.utils import functions

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Page
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.tables import Table

#: Milliseconds between two looks at what a page shows.
INTERVAL = 5000
#: Most rows of a page, whatever the user's settings say.
MAX_ROWS = 100


class Filter(forms.Form):
    """What a list is filtered by: a field a query parameter of the API.

    Empty fields do not filter.
    """

    name_prefix = forms.CharField(
        label=_("Name begins with"), required=False, max_length=255
    )

    def query(self) -> dict[str, Any]:
        """The parameters; of fields with a wrong value, none."""
        self.is_valid()
        return {
            name: value
            for name, value in getattr(self, "cleaned_data", {}).items()
            if value not in ("", None, [])
        }


def choices(table: Mapping[str, Any], everything: Any) -> list[Any]:
    """Of a field that filters by a state.

    :param table: one of `servicevm_dashboard.words`
    :param everything: the word for no filter, e.g. "Any status"
    """
    return [("", everything), *table.items()]


@dataclass(frozen=True)
class Pager:
    """Query strings of the pages around the one that is shown."""

    page: Page[Any]
    query: Mapping[str, Any]
    sort: str
    failed: bool = False

    @property
    def filtered(self) -> bool:
        return bool(self.query)

    @property
    def next(self) -> str:
        return self._string(marker=self.page.next_marker)

    @property
    def previous(self) -> str:
        return self._string(marker=self.page.previous_marker)

    def order(self, key: str) -> str:
        """``ascending``, ``descending`` or nothing: as in aria-sort."""
        name, _, direction = self.sort.partition(":")
        if name != key:
            return ""
        return "descending" if direction == "desc" else "ascending"

    def sorted_by(self, key: str) -> str:
        """By this key; the other way round where it is already."""
        up = self.order(key) != "ascending"
        flipped = replace(self, sort=f"{key}:{'asc' if up else 'desc'}")
        return flipped._string()

    def _string(self, **more: Any) -> str:
        found = {**self.query, "sort": self.sort, **more}
        return urlencode(
            {name: value for name, value in found.items() if value}, True
        )


class LiveTableView(tables.DataTableView):
    """The index of one kind of resource."""

    template_name = "servicevm/index.html"

    #: The SDK's class of what is listed.
    kind: ClassVar[Any]
    table_class: ClassVar[type[Table]]
    filter_class: ClassVar[type[Filter]] = Filter
    default_sort: ClassVar[str] = "created_at:desc"
    #: Sent with each request for a page, e.g. ``{"all_projects": True}``.
    always: ClassVar[Mapping[str, Any]] = {}
    #: "Unable to list devices." - the reason follows.
    failure: ClassVar[Any] = _("The list could not be read.")

    def get(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.GET.get("fragment") == "rows":
            return self._rows()
        return super().get(request, *args, **kwargs)

    def get_data(self) -> list[Any]:
        try:
            return self._read().page.items
        except Exception:
            exceptions.handle(self.request, self.failure)
            self._pager = Pager(
                Page([], None, None), {}, self.default_sort, failed=True
            )
            self.get_table().pager = self._pager
            return []

    def has_prev_data(self, table: Any) -> bool:
        return self._pager.page.previous_marker is not None

    def has_more_data(self, table: Any) -> bool:
        return self._pager.page.next_marker is not None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        asked = self.request.GET.copy()
        asked["fragment"] = "rows"
        context |= {
            "filter": self.filter,
            "filtered": self._pager.filtered,
            "sort": self._pager.sort,
            "poll": f"{self.request.path}?{asked.urlencode()}",
            "interval": INTERVAL,
        }
        return context

    @property
    def filter(self) -> Filter:
        return self.filter_class(self.request.GET)

    def _read(self) -> Pager:
        """Ask for the page: one call of the API."""
        query = self.filter.query()
        sort = self.request.GET.get("sort") or self.default_sort
        rows = min(functions.get_page_size(self.request), MAX_ROWS)
        page = servicevm.call(
            self.request,
            Client.page,
            self.kind,
            limit=rows,
            marker=self.request.GET.get("marker") or None,
            sort=sort,
            **self.always,
            **query,
        )
        self._pager = Pager(page, query, sort)
        self.get_table().pager = self._pager
        return self._pager

    def _rows(self) -> JsonResponse:
        table = self.get_table()
        try:
            table.data = self._read().page.items
        except ServicevmError as error:
            return JsonResponse({"error": str(error)}, status=503)
        rows = [
            {
                "id": row.attrs["data-object-id"],
                "said": row.attrs["data-said"],
                "html": row.render(),
            }
            for row in table.get_rows()
        ]
        return JsonResponse({"rows": rows})
