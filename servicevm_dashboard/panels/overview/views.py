"""The fleet at a glance."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from horizon import exceptions, views
from openstack_dashboard import policy

from servicevm_dashboard.api import projects
from servicevm_dashboard.exceptions import NotAuthenticated, ServicevmError
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
        if request.GET.get("fragment") == "region":
            return self._fragment()
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        try:
            region = self._region()
        except NotAuthenticated:
            # Horizon says so, and where to log in.
            exceptions.handle(self.request)
            raise
        except ServicevmError as error:
            region = {"error": error, "summary": None}
        return super().get_context_data(
            poll=f"{self.request.path}?fragment=region",
            interval=INTERVAL,
            **region,
            **kwargs,
        )

    def _fragment(self) -> JsonResponse:
        try:
            region = self._region()
        except ServicevmError as error:
            return refusal(error)
        html = render_to_string(
            "servicevm/overview/_region.html", region, request=self.request
        )
        return JsonResponse({"html": html, "said": region["said"]})

    def _region(self) -> dict[str, Any]:
        """One call of the API."""
        fleet = reading.read(self.request, all_projects=self.all_projects)
        counts = fleet.summary
        uses = shares.uses(fleet.quota) if fleet.quota else []
        full = [use for use in uses if use.full]
        where = self.dashboard
        devices, services = counts["devices"], counts["services"]
        kinds = [
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
        ]
        return {
            "summary": counts,
            "all_projects": self.all_projects,
            "kinds": kinds,
            "partly": [kind for kind in kinds if kind.partly],
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
            "uses": uses,
            "full": full,
            "said": _say(fleet, len(full)),
        }

    def _may(self, rule: str) -> bool:
        rules = (("servicevm", f"servicevm:{rule}"),)
        return bool(policy.check(rules, self.request))

    def _project(self, datum: Any) -> str:
        if not self.all_projects:
            return ""
        return projects.name(self.request, datum.project_id)


def _say(fleet: reading.Fleet, full: int) -> str:
    """What is read when it changes to who can not see it."""
    devices = fleet.summary["devices"]["total"]
    failing, running = fleet.failing_count, rows.live(fleet.summary)
    told = [
        ngettext("%d device.", "%d devices.", devices) % devices,
        ngettext("%d failing.", "%d failing.", failing) % failing,
        ngettext("%d operation.", "%d operations.", running) % running,
    ]
    if full:
        told.append(
            ngettext("%d quota used up.", "%d quotas used up.", full) % full
        )
    return " ".join(told)
