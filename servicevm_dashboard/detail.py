"""Details pages: one resource, in tabs.

::

    GET /project/servicevm_devices/UUID/
    GET ...?tab=device__operations      a tab's content, when it is opened
    GET ...?fragment=overview           a live tab as JSON, every 5 s
    POST ...                            one of the row's actions
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from horizon import exceptions, messages, tabs
from horizon.utils import http as http_utils
from horizon.utils import memoized

from servicevm_dashboard import links
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.exceptions import (
    NotAuthenticated,
    NotFound,
    ServicevmError,
)
from servicevm_dashboard.live import INTERVAL, refusal

__all__ = ["DetailView", "LazyTab", "OverviewTab", "Tab"]


class Tab(tabs.Tab):
    """A tab that opens and says why, where the service has no answer."""

    template_name = "servicevm/_tab.html"

    #: Template of what it shows, with what `read` returns.
    content: ClassVar[str]
    #: Template of what is above that and stays; none if empty.
    frame: ClassVar[str] = ""
    #: Whether it is read again while it is looked at.
    live = True
    #: Milliseconds until it is; 0: only when the user asks for it.
    interval = INTERVAL

    @property
    def view(self) -> "DetailView":
        view: DetailView = self.tab_group.kwargs["view"]
        return view

    @property
    def ref(self) -> str:
        """Of the resource; using it asks nobody."""
        return str(self.view.kwargs["ref"])

    @property
    def resource(self) -> Any:
        """Reads it, if nothing on this page did."""
        return self.view.get_object()

    def read(self, request: HttpRequest) -> dict[str, Any]:
        """What the template needs.

        :raises ServicevmError: is shown in the tab
        """
        return {}

    def said(self, context: dict[str, Any]) -> str:
        """What is read to somebody who can not see it change."""
        return ""

    def parts(self, context: dict[str, Any]) -> dict[str, str]:
        """HTML of elements elsewhere on the page that change with it."""
        return {}

    def more(self, context: dict[str, Any]) -> dict[str, Any]:
        """What scripts want to know when it was read again."""
        return {}

    def filled(self, request: HttpRequest) -> dict[str, Any]:
        context = {
            "dashboard": self.view.dashboard,
            "tab": self,
            **self.read(request),
        }
        context["said"] = self.said(context)
        return context

    def get_context_data(self, request: Any, **kwargs: Any) -> dict[str, Any]:
        context = {
            "poll": f"{request.path}?fragment={self.slug}",
            "again": f"{request.path}?{self.get_query_string()}",
            "interval": self.interval,
            "seconds": self.interval // 1000,
            "live": self.live,
            "content": self.content,
            "frame": self.frame,
            "request": request,
        }
        try:
            return context | self.filled(request)
        except NotAuthenticated:
            exceptions.handle(request)
            raise
        except ServicevmError as error:
            # It is tried again as often as what is there is read again.
            return context | {
                "error": error,
                "content": "servicevm/_error.html",
            }

    def as_json(self, request: HttpRequest) -> JsonResponse:
        """Its content once more."""
        try:
            context = self.filled(request)
        except NotFound:
            # That is how things end: nothing for a browser to complain of.
            return JsonResponse({"gone": True})
        except ServicevmError as error:
            return refusal(error)
        return JsonResponse(
            {
                "html": render_to_string(self.content, context, request),
                "said": context["said"],
                "parts": self.parts(context),
                **self.more(context),
            }
        )


class LazyTab(Tab):
    """A tab that is read when it is opened."""

    preload = False


class OverviewTab(Tab):
    """How it is; the page's head changes with it."""

    name = _("Overview")
    slug = "overview"

    def read(self, request: HttpRequest) -> dict[str, Any]:
        return {"resource": self.resource}

    def said(self, context: dict[str, Any]) -> str:
        return self.view.say(context["resource"])

    def parts(self, context: dict[str, Any]) -> dict[str, str]:
        return {"actions": self.view.actions(context["resource"])}


class DetailView(tabs.TabView):
    """One resource, and what can be done to it."""

    template_name = "servicevm/detail.html"
    page_title = "{{ title }}"

    #: Of the SDK: makes the resource out of its id.
    getter: ClassVar[Any]
    #: Its table, of which the page shows the row's actions.
    table_class: ClassVar[Any]
    #: Whose dashboard and panel it is in, as for `links.link`.
    dashboard: ClassVar[str] = "project"
    panel: ClassVar[str] = ""
    #: Name of the URL of the list; by `dashboard` and `panel` if empty.
    index: ClassVar[str] = ""
    #: Sent with each request for a list, e.g. ``{"all_projects": True}``.
    always: ClassVar[Mapping[str, Any]] = {}
    failure: ClassVar[Any] = _("It could not be read.")

    @property
    def list_url(self) -> str:
        if self.index:
            return reverse(self.index)
        return links.link(self.dashboard, self.panel)

    @memoized.memoized_method
    def get_object(self) -> Any:
        """The resource.

        :raises ServicevmError: `get` shows it
        """
        return servicevm.call(
            self.request, type(self).getter, str(self.kwargs["ref"])
        )

    def title(self, resource: Any) -> str:
        """What the page is called."""
        return str(resource.to_dict_view().get("name") or resource.ref)

    def get(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        fragment = request.GET.get("fragment")
        if fragment:
            tab = self.get_tabs(request).get_tab(fragment)
            return tab.as_json(request) if tab else HttpResponse(status=404)
        opened = self.get_tabs(request).selected
        if http_utils.is_ajax(request) and opened:
            # The page is there already.
            return HttpResponse(opened.render())
        try:
            self.get_object()
        except ServicevmError as error:
            return self._unread(error)
        return super().get(request, *args, **kwargs)

    def post(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Do one of the actions of the page's head."""
        try:
            table = self._table(self.get_object())
        except ServicevmError as error:
            return self._unread(error)
        return table.maybe_handle() or redirect(request.get_full_path())

    def get_tabs(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self._tab_group is None:
            self._tab_group = self.tab_group_class(
                request, view=self, resource=SimpleLazyObject(self.get_object)
            )
        return self._tab_group

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        resource = self.get_object()
        title = self.title(resource)
        return super().get_context_data(
            resource=resource,
            title=title,
            url=self.request.get_full_path(),
            list_url=self.list_url,
            actions=self.actions(resource),
            **kwargs,
        )

    def actions(self, resource: Any) -> str:
        """The row's actions, for the page's head."""
        return str(self._table(resource).render_row_actions(resource))

    def say(self, resource: Any) -> str:
        """How it is, in a line."""
        return str(self._table(resource).say(resource))

    def _table(self, resource: Any) -> Any:
        table = self.table_class(self.request, data=[resource])
        table.after_removal = self.list_url
        return table

    def _unread(self, error: ServicevmError) -> HttpResponse:
        if isinstance(error, NotAuthenticated):
            exceptions.handle(self.request)
        if isinstance(error, NotFound):
            messages.error(self.request, f"{self.failure} {error}")
            return redirect(self.list_url)
        return render(
            self.request,
            "servicevm/unread.html",
            {
                "page_title": self.failure,
                "error": error,
                "list_url": self.list_url,
            },
        )
