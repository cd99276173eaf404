"""The services' pages."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import detail, filters, live, words
from servicevm_dashboard.api.servicevm import Client, Service
from servicevm_dashboard.panels.services import tables, tabs
from servicevm_dashboard.panels.services.action import ActionView

__all__ = ["ActionView", "DetailView", "IndexView", "ServiceFilter"]


class ServiceFilter(filters.Tagged):
    """By name, type, status, health, device and tags."""

    service_type = filters.OpenChoice(
        _("Type"), words.SERVICE_TYPE, _("Any type"), of="service_type"
    )
    provisioning_status = filters.Choice(
        _("Status"), words.PROVISIONING, _("Any status")
    )
    operating_status = filters.Choice(
        _("Health"), words.OPERATING, _("Any health")
    )
    device_id = filters.Offered(
        _("Device"), _("Any device"), ref="device_id", name="device_name"
    )


class IndexView(live.LiveTableView):
    """The project's services."""

    page_title = _("Services")
    kind = Service
    table_class = tables.ServicesTable
    filter_class = ServiceFilter
    failure = _("The services could not be read.")


class DetailView(detail.DetailView):
    """One service."""

    getter = Client.get_service
    table_class = tables.HeadTable
    tab_group_class = tabs.ServiceTabs
    panel = "services"
    failure = _("The service could not be read.")
