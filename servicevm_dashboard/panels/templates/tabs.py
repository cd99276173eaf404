"""What is shown of one template."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs
from horizon.utils import filters

from servicevm_dashboard import healing, links, takes, words
from servicevm_dashboard.detail import Tab
from servicevm_dashboard.panels.templates import reading


class OverviewTab(Tab):
    """What devices made of it are like."""

    name = _("Overview")
    slug = "overview"
    content = "servicevm/templates/_overview.html"
    # Somebody changes it, rarely; devices come and go elsewhere.
    live = False

    def read(self, request: Any) -> dict[str, Any]:
        template = self.resource
        where = self.view.dashboard
        counts = reading.devices(request, all_projects=where == "admin")
        devices = links.link(where, "devices")
        infra = reading.schema(request, "infra", template.infra_driver)
        mgmt = reading.schema(request, "mgmt", template.mgmt_driver)
        changed = template.updated_at != template.created_at
        said = template.healing or {}
        return {
            "template": template,
            "created": filters.parse_isotime(template.created_at),
            "updated": changed
            and template.updated_at
            and filters.parse_isotime(template.updated_at),
            "devices": None if counts is None else counts.get(template.ref, 0),
            "devices_link": devices and f"{devices}?template_id={template.id}",
            "takes": [
                (words.of(words.QUOTA, name), amount)
                for name, amount in takes.footprint(template).items()
                if name != "devices"
            ],
            "healing": healing.ladder(said, healing.LADDERS),
            "healing_services": healing.ladder(said, healing.SERVICE_LADDERS),
            "infra": reading.options(template.infra_options, infra),
            "mgmt": reading.options(template.mgmt_options, mgmt),
        }


class TemplateTabs(tabs.DetailTabsGroup):
    """The tabs of a template."""

    slug = "template"
    tabs = (OverviewTab,)
    sticky = True
