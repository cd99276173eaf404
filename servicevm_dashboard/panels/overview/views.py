"""The fleet at a glance."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from horizon import exceptions, views
from openstack_dashboard import policy

from servicevm_dashboard.api import projects
from servicevm_dashboard.exceptions import NotAuthenticated
from servicevm_dashboard.live import INTERVAL, refusal
from servicevm_dashboard.panels.overview import reading, rows, shares


class IndexView(views.HorizonTemplateView):
    """Counts, what fails, what runs; ``?fragment=region`` as JSON."""

    template_name = "servicevm/overview/index.html"
    page_title = gettext_lazy("Overview")

    dashboard = "project"
    all_projects = False

    def get(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        polled = request.GET.get("fragment") == "region"
        try:
            if polled:
                return self._fragment()
            return super().get(request, *args, **kwargs)
        except NotAuthenticated as error:
            if polled:
                return refusal(error)
            # Horizon says so, and where to log in.
            exceptions.handle(request)
            raise

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            poll=f"{self.request.path}?fragment=region",
            interval=INTERVAL,
            **self._region(),
            **kwargs,
        )

    def _fragment(self) -> JsonResponse:
        region = self._region()
        if region["summary"] is None:
            return JsonResponse(
                {"error": " ".join(region["errors"])}, status=503
            )
        html = render_to_string(
            "servicevm/overview/_region.html", region, request=self.request
        )
        return JsonResponse({"html": html, "said": region["said"]})

    def _region(self) -> dict[str, Any]:
        fleet = reading.read(self.request, all_projects=self.all_projects)
        found: dict[str, Any] = {
            "summary": fleet.summary,
            "errors": fleet.errors,
            "all_projects": self.all_projects,
            "said": "",
        }
        counts = fleet.summary
        if counts is None:
            return found
        where = self.dashboard
        devices, services = counts["devices"], counts["services"]
        return found | {
            "kinds": [
                shares.kind(
                    where,
                    "devices",
                    _("Devices"),
                    devices,
                    creates=self._may("device:create"),
                ),
                shares.kind(
                    where,
                    "services",
                    _("Services"),
                    services,
                    creates=self._may("service:create"),
                ),
            ],
            "templates": shares.templates(
                where, devices["templates"], devices["total"]
            ),
            "failing": [
                rows.failing(where, one, self._project(one))
                for one in fleet.failing
            ],
            "more": fleet.failing_count > len(fleet.failing),
            "operations": [
                rows.operation(where, one, self._project(one))
                for one in fleet.operations
            ],
            "operations_link": rows.index(where, "operations"),
            "waiting": rows.live(counts) - len(fleet.operations),
            "failed_last_day": counts["operations"]["failed_last_day"],
            "uses": shares.uses(fleet.quota) if fleet.quota else [],
            "said": _say(counts, fleet),
        }

    def _may(self, rule: str) -> bool:
        rules = (("servicevm", f"servicevm:{rule}"),)
        return bool(policy.check(rules, self.request))

    def _project(self, datum: Any) -> str:
        if not self.all_projects:
            return ""
        return projects.name(self.request, datum.project_id)


def _say(counts: Any, fleet: reading.Fleet) -> str:
    """What is read when it changes to who can not see it."""
    devices = counts["devices"]["total"]
    failing, running = fleet.failing_count, rows.live(counts)
    return " ".join(
        (
            ngettext("%d device.", "%d devices.", devices) % devices,
            ngettext("%d failing.", "%d failing.", failing) % failing,
            ngettext("%d operation.", "%d operations.", running) % running,
        )
    )
