"""The devices' pages."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from horizon import exceptions

from servicevm_dashboard import console, detail, filters, links, live, words
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Device
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.devices import hosted, tables, tabs


class DeviceFilter(filters.Tagged):
    """By name, status, health, template and tags."""

    provisioning_status = filters.Choice(
        _("Status"), words.PROVISIONING, _("Any status")
    )
    operating_status = filters.Choice(
        _("Health"), words.OPERATING, _("Any health")
    )
    template_id = filters.Offered(
        _("Template"),
        _("Any template"),
        ref="template_id",
        name="template_name",
    )


class IndexView(live.LiveTableView):
    """The project's devices."""

    page_title = _("Devices")
    kind = Device
    table_class = tables.DevicesTable
    filter_class = DeviceFilter
    failure = _("The devices could not be read.")

    def get(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.GET.get("fragment") == "hosted":
            return hosted.answer(request, self.always)
        return super().get(request, *args, **kwargs)


class DetailView(detail.DetailView):
    """One device."""

    getter = Client.get_device
    table_class = tables.DevicesTable
    tab_group_class = tabs.DeviceTabs
    panel = "devices"
    failure = _("The device could not be read.")


class ConsoleView(View):
    """A device's console log, to be kept."""

    dashboard: ClassVar[str] = "project"

    def get(self, request: HttpRequest, ref: Any) -> HttpResponse:
        try:
            text = servicevm.call(
                request,
                Client.get_device_console_log,
                str(ref),
                max_bytes=console.DOWNLOAD,
            )
        except ServicevmError:
            exceptions.handle(request, _("The console log could not be read."))
            return redirect(
                links.link(self.dashboard, "devices", "detail", str(ref))
            )
        answer = HttpResponse(text, content_type="text/plain; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{ref}.log"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
