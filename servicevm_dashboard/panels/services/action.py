"""Do what a service's type declares, with a form out of its schema."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from horizon import exceptions, messages

from servicevm_dashboard import links
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.services import reading
from servicevm_dashboard.schema_form import SchemaForm


class ActionView(View):
    """Choose one of the actions, fill its form, see what came of it."""

    dashboard: ClassVar[str] = "project"
    template_name = "servicevm/services/action.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().dispatch(request, *args, **kwargs)
        except ServicevmError:
            exceptions.handle(request, _("It could not be done."))
            return redirect(self._detail())

    def get(self, request: HttpRequest, ref: Any) -> HttpResponse:
        known = self._declared()
        chosen = request.GET.get("action", "")
        if chosen not in known:
            chosen = next(iter(known), "")
        form = SchemaForm(known[chosen], "arguments") if chosen else None
        return self._page(known, chosen, form)

    def post(self, request: HttpRequest, ref: Any) -> HttpResponse:
        known = self._declared()
        chosen = request.POST.get("action", "")
        if chosen not in known:
            return redirect(self._detail())
        form = SchemaForm(known[chosen], "arguments", data=request.POST)
        if not form.is_valid():
            return self._page(known, chosen, form)
        try:
            result = servicevm.call(
                request,
                Client.do_service_action,
                str(ref),
                chosen,
                form.document,
            )
        except ServicevmError as error:
            form.refuse(error.fields, ("arguments",))
            return self._page(known, chosen, form, error=error)
        if result:
            return self._page(known, chosen, form, result=result)
        messages.success(
            request,
            _("%(action)s: %(names)s")
            % {"action": chosen, "names": self._service.name},
        )
        return redirect(self._detail())

    def _declared(self) -> Any:
        self._service = servicevm.call(
            self.request, Client.get_service, str(self.kwargs["ref"])
        )
        return reading.actions(self.request, self._service.service_type)

    def _detail(self) -> str:
        return links.link(
            self.dashboard, "services", "detail", str(self.kwargs["ref"])
        )

    def _page(
        self,
        known: Any,
        chosen: str,
        form: SchemaForm | None,
        *,
        error: ServicevmError | None = None,
        result: Any = None,
    ) -> HttpResponse:
        return render(
            self.request,
            self.template_name,
            {
                "page_title": _("Other Actions"),
                "service": self._service,
                "actions": list(known),
                "chosen": chosen,
                "form": form,
                "error": error,
                "result": reading.as_yaml(result) if result else "",
                "back": self._detail(),
            },
        )
