"""Networks, devices, services and members in one picture."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from horizon import exceptions, views
from openstack_dashboard import policy

from servicevm_dashboard import filters, links, live
from servicevm_dashboard.api import servicevm
from servicevm_dashboard.api.servicevm import Client, Device, Service
from servicevm_dashboard.exceptions import ServicevmError
from servicevm_dashboard.panels.topology.graph import graph
from servicevm_dashboard.panels.topology.rows import rows

#: Most devices of a picture.
DEVICES = 50
#: And services on them.
SERVICES = 500


class IndexView(views.HorizonTemplateView):
    """The picture and a table; ``?fragment=region`` is both as JSON."""

    template_name = "servicevm/topology/index.html"
    page_title = _("Topology")

    dashboard = "project"

    def get(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.GET.get("fragment") == "region":
            return self._fragment()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.copy()
        asked["fragment"] = "region"
        chosen = filters.Filter(self.request.GET)
        try:
            region = self._region(chosen)
        except Exception:
            exceptions.handle(
                self.request, _("The topology could not be read.")
            )
            region = {"failed": True, "graph": None, "filtered": False}
        return super().get_context_data(
            filter=chosen,
            poll=f"{self.request.path}?{asked.urlencode()}",
            interval=live.INTERVAL,
            **region,
            **kwargs,
        )

    def _fragment(self) -> JsonResponse:
        try:
            region = self._region(filters.Filter(self.request.GET))
        except ServicevmError as error:
            return live.refusal(error)
        html = render_to_string(
            "servicevm/topology/_region.html", region, request=self.request
        )
        return JsonResponse(
            {"html": html, "said": region["said"], "graph": region["graph"]}
        )

    def _region(self, chosen: filters.Filter) -> dict[str, Any]:
        """Two calls: the devices, and the services on them."""
        query = chosen.query()
        page = servicevm.call(
            self.request,
            Client.page,
            Device,
            limit=DEVICES,
            sort="name:asc",
            **query,
        )
        services: list[Service] = []
        if page.items:
            services = servicevm.call(
                self.request,
                Client.page,
                Service,
                limit=SERVICES,
                sort="name:asc",
                device_id=[device.id for device in page.items],
            ).items
        devices = len(page.items)
        return {
            "failed": False,
            "graph": graph(self.dashboard, page.items, services),
            "rows": rows(self.dashboard, page.items, services),
            "more": page.next_marker is not None,
            "limit": DEVICES,
            "filtered": bool(query),
            "create": self._create(),
            "devices": devices,
            "said": _say(page.items, services),
        }

    def _create(self) -> str:
        """Where the first device is made; empty: not by this user."""
        rules = (("servicevm", "servicevm:device:create"),)
        if not policy.check(rules, self.request):
            return ""
        return links.link(self.dashboard, "devices", "create")


def _say(devices: list[Device], services: list[Service]) -> str:
    """What changes of it, for who can not see the picture."""
    failing = sum(
        one.provisioning_status == "ERROR"
        or one.operating_status in ("DEAD", "UNRESPONSIVE")
        for one in [*devices, *services]
    )
    return " ".join(
        (
            ngettext("%d device.", "%d devices.", len(devices)) % len(devices),
            ngettext("%d service.", "%d services.", len(services))
            % len(services),
            ngettext("%d failing.", "%d failing.", failing) % failing,
        )
    )
