"""Detach Interface: asks first, and says what it means."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.generic import View
from horizon import exceptions, messages

from servicevm_dashboard import terminal
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError
from servicevm_dashboard.panels.devices import interfaces, naming
from servicevm_dashboard.panels.devices.attach import interfaces_url, read
from servicevm_dashboard.panels.devices.made_of import made_of
from servicevm_dashboard.permitted import permitted


class DetachView(View):
    """The page, with the interface and the command that does the same."""

    template_name = "servicevm/devices/detach.html"
    rule = "device:detach_interface"
    dashboard: ClassVar[str] = "project"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self._device = read(request, self.dashboard, self.kwargs["ref"])
            found = interfaces.find(self._device, self.kwargs["index"])
            if not permitted(request, self.rule, self._device):
                messages.error(request, _("You are not allowed to do that."))
            elif found is None:
                messages.info(request, _("This interface is gone."))
            else:
                self._interface = found
                return super().dispatch(request, *args, **kwargs)
            return redirect(self._home)
        except NotAuthenticated:
            # Horizon says so, and where to log in.
            exceptions.handle(request)

    def get(self, request: HttpRequest, ref: Any, index: int) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest, ref: Any, index: int) -> HttpResponse:
        if request.POST.get("mac") != self._interface["mac"]:
            # An index is given again, to whichever is attached next.
            messages.error(
                request,
                _(
                    "Another interface is in its place by now. Nothing was "
                    "detached."
                ),
            )
            return redirect(self._home)
        if self._why:
            return self._page()
        try:
            device = servicevm.call(
                request, Client.detach_device_interface, str(ref), index
            )
        except NotAuthenticated:
            raise
        except ServicevmError as error:
            return self._page(error)
        messages.success(
            request,
            _("Detaching an interface from %(name)s.") % {"name": device.name},
        )
        return redirect(self._home)

    @property
    def _home(self) -> str:
        return interfaces_url(self.dashboard, self.kwargs["ref"])

    @property
    def _why(self) -> str:
        """Why it can not be; empty if it can."""
        return interfaces.cannot_detach(
            self._device,
            made_of(self.request, self._device),
            self._interface,
        )

    def _page(self, failure: ServicevmError | None = None) -> HttpResponse:
        try:
            name = naming.of_device(self.request, self._device)
        except NotAuthenticated:
            raise
        except ServicevmError:
            # The id always means this one.
            name = self._device.id
        return render(
            self.request,
            self.template_name,
            {
                "page_title": _("Detach Interface"),
                "device": self._device,
                "interface": self._interface,
                "refused": self._why,
                "failure": failure,
                "cancel": self._home,
                "command": terminal.detach_interface(
                    name, self._interface["index"]
                ),
            },
        )
