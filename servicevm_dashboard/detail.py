"""Details pages: one resource, in tabs."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from horizon import exceptions, tabs
from horizon.utils import memoized

from servicevm_dashboard.api import servicevm
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.live import INTERVAL


class DetailView(tabs.TabView):
    """One resource; ``?fragment=overview`` is its first tab as JSON."""

    template_name = "servicevm/detail.html"
    page_title = "{{ resource.name|default:resource.ref }}"

    #: Of the SDK: makes the resource out of its id.
    getter: ClassVar[Any]
    #: Its table, of which the page shows the row's actions.
    table_class: ClassVar[Any]
    #: Name of the URL of the list that it is in.
    index: ClassVar[str]
    failure: ClassVar[Any]

    @memoized.memoized_method
    def get_object(self) -> Any:
        """The resource; where it can not be had, the list and the reason."""
        try:
            return servicevm.call(
                self.request, self.getter, str(self.kwargs["ref"])
            )
        except Exception:
            exceptions.handle(
                self.request, self.failure, redirect=reverse(self.index)
            )

    def get(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.GET.get("fragment") == "overview":
            return self._fragment()
        return super().get(request, *args, **kwargs)

    def get_tabs(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if self._tab_group is None:
            self._tab_group = self.tab_group_class(
                request, resource=self.get_object(), **kwargs
            )
        return self._tab_group

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        resource = self.get_object()
        table = self.table_class(self.request)
        return super().get_context_data(
            resource=resource,
            url=reverse(self.index),
            actions=table.render_row_actions(resource),
            poll=f"{self.request.path}?fragment=overview",
            interval=INTERVAL,
            **kwargs,
        )

    def _fragment(self) -> JsonResponse:
        try:
            resource = servicevm.call(
                self.request, self.getter, str(self.kwargs["ref"])
            )
        except ServicevmError as error:
            return JsonResponse({"error": str(error)}, status=503)
        group = self.tab_group_class(self.request, resource=resource)
        tab = group.get_tabs()[0]
        html = render_to_string(
            tab.get_template_name(self.request),
            tab.get_context_data(self.request),
            request=self.request,
        )
        said = self.table_class(self.request).say(resource)
        return JsonResponse({"html": html, "said": said})
