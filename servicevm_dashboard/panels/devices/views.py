"""The devices' pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import detail, live, words
from servicevm_dashboard.api.servicevm import Client, Device
from servicevm_dashboard.panels.devices import tables, tabs


class DeviceFilter(live.Filter):
    """By name, status and health."""

    provisioning_status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=live.choices(words.PROVISIONING, _("Any status")),
    )
    operating_status = forms.ChoiceField(
        label=_("Health"),
        required=False,
        choices=live.choices(words.OPERATING, _("Any health")),
    )


class IndexView(live.LiveTableView):
    """The project's devices."""

    page_title = _("Devices")
    kind = Device
    table_class = tables.DevicesTable
    filter_class = DeviceFilter
    failure = _("The devices could not be read.")


class DetailView(detail.DetailView):
    """One device."""

    getter = Client.get_device
    table_class = tables.DevicesTable
    tab_group_class = tabs.DeviceTabs
    index = "horizon:project:servicevm_devices:index"
    failure = _("The device could not be read.")
