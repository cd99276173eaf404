"""What is shown of one template."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs
from horizon.utils import filters

from servicevm_dashboard import words
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
        counts = reading.devices(
            request, all_projects=self.view.dashboard == "admin"
        )
        return {
            "template": template,
            "created": filters.parse_isotime(template.created_at),
            "updated": template.updated_at
            and filters.parse_isotime(template.updated_at),
            "devices": None if counts is None else counts.get(template.ref, 0),
            "infra": _options(template.infra_options),
            "mgmt": _options(template.mgmt_options),
        }


def _options(chosen: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What a driver was told, each with its title."""
    return [
        (
            words.of(words.OPTION, key)
            if key in words.OPTION
            else key.replace("_", " ").capitalize(),
            ", ".join(map(str, value)) if isinstance(value, list) else value,
        )
        for key, value in sorted(chosen.items())
    ]


class TemplateTabs(tabs.DetailTabsGroup):
    """The tabs of a template."""

    slug = "template"
    tabs = (OverviewTab,)
    sticky = True
