"""What is shown of one device."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from horizon import tabs


class OverviewTab(tabs.Tab):
    """How it is, and what to do next."""

    name = _("Overview")
    slug = "overview"
    template_name = "servicevm/devices/_overview.html"

    def get_context_data(self, request: Any) -> dict[str, Any]:
        return {"device": self.tab_group.kwargs["resource"]}


class DeviceTabs(tabs.DetailTabsGroup):
    """The tabs of a device."""

    slug = "device"
    tabs = (OverviewTab,)
    sticky = True
