"""Index pages: one page of a list, filtered, sorted and kept up to date.

::

    GET /project/servicevm_devices/?name_prefix=lb&sort=name:asc
    GET ... &fragment=rows      the same rows as JSON, asked for every 5 s

Filter, sort order and page are in the URL, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from horizon import exceptions, messages, tables
from horizon.utils import functions

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Page
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError
from servicevm_dashboard.filters import Filter
from servicevm_dashboard.tables import Table

#: Milliseconds between two looks at what a page shows.
INTERVAL = 5000
#: Minutes without input after which pages are not looked at any more, for
#: each look prolongs the session; 0: they are until they are closed.
PATIENCE = 30
#: Most rows of a page, whatever the user's settings say.
MAX_ROWS = 100


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

    @property
    def first(self) -> str:
        return self._string()

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
            if self.request.method == "POST":
                return self._selected()
            return self._read().page.items
        except ServicevmError as error:
            if "marker" in error.fields:
                # It was the last of its page, and is gone.
                messages.info(
                    self.request, _("The list has changed: this is its start.")
                )
                found = self._failed()
                raise exceptions.Http302(
                    f"{self.request.path}?{found.first}"
                ) from error
            exceptions.handle(self.request, self.failure)
            self._failed()
            return []

    def post(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """An action; or nothing was selected, and the page is shown."""
        return self.construct_tables() or redirect(request.get_full_path())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        asked = self.request.GET.copy()
        asked["fragment"] = "rows"
        pager = self.get_table().pager
        filter_ = self.filter
        filter_.offer(pager.page.items)
        context |= {
            "filter": filter_,
            "filtered": pager.filtered,
            "sort": pager.sort,
            "default_sort": self.default_sort,
            "poll": f"{self.request.path}?{asked.urlencode()}",
            "interval": INTERVAL,
        }
        return context

    @property
    def filter(self) -> Filter:
        return self.filter_class(self.request.GET)

    @property
    def sort(self) -> str:
        """The order that is asked for, if the table has such a column."""
        asked = self.request.GET.get("sort", "")
        known = {
            f"{column.sort}{direction}"
            for column in self.get_table().get_columns()
            if getattr(column, "sort", None)
            for direction in ("", ":asc", ":desc")
        }
        return asked if asked in known else self.default_sort

    def _read(self) -> Pager:
        """Ask for the page: one call of the API."""
        return self._shown(
            limit=min(functions.get_page_size(self.request), MAX_ROWS),
            marker=self.request.GET.get("marker") or None,
            sort=self.sort,
            **self.filter.query(),
        )

    def _selected(self) -> list[Any]:
        """What an action is asked for, wherever it is in the list by now."""
        ref = self.table_class.check_handler(self.request)[2]
        refs = [ref] if ref else self.request.POST.getlist("object_ids")
        if not refs:
            return []
        return self._found(self.kind.identity, refs[:MAX_ROWS])

    def _found(self, key: str, values: list[str]) -> list[Any]:
        """Those that have one of these values."""
        found: list[Any] = []
        for some in servicevm.portions(key, values):
            found += self._shown(limit=len(some), **{key: some}).page.items
        return found

    def _shown(self, **asked: Any) -> Pager:
        page = servicevm.call(
            self.request, Client.page, self.kind, **self.always, **asked
        )
        pager = Pager(page, self.filter.query(), self.sort)
        self.get_table().pager = pager
        return pager

    def _failed(self) -> Pager:
        nothing: Page[Any] = Page([], None, None)
        pager = Pager(nothing, self.filter.query(), self.sort, failed=True)
        self.get_table().pager = pager
        return pager

    def _rows(self) -> JsonResponse:
        table = self.get_table()
        try:
            table.data = self._read().page.items
        except ServicevmError as error:
            return refusal(error)
        table.show_boxes()
        rows = [
            {
                "id": row.attrs["data-object-id"],
                "said": row.attrs["data-said"],
                "html": row.render(),
            }
            for row in table.get_rows()
        ]
        pages = render_to_string("servicevm/_pages.html", {"table": table})
        return JsonResponse({"rows": rows, "parts": {"pages": pages}})


def patience() -> int:
    """`PATIENCE`, or what the operator's settings say in its place."""
    return int(getattr(settings, "SERVICEVM_REFRESH_MINUTES", PATIENCE))


def refusal(error: ServicevmError) -> JsonResponse:
    """Why what a page shows could not be read anew.

    Status 401: nor will it be before the user logs in; 409: the page of the
    list is no more; else 503.
    """
    status = 503
    if isinstance(error, NotAuthenticated):
        status = 401
    elif "marker" in error.fields:
        status = 409
    return JsonResponse({"error": str(error)}, status=status)
