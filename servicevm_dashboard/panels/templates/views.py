"""The templates' pages: what there is to make devices of."""

from django.utils.translation import gettext_lazy as _

from servicevm_dashboard import detail, filters, live
from servicevm_dashboard.api.servicevm import Client, DeviceTemplate
from servicevm_dashboard.panels.templates import tables, tabs


class IndexView(live.LiveTableView):
    """All templates; every project may use them."""

    page_title = _("Templates")
    kind = DeviceTemplate
    table_class = tables.TemplatesTable
    filter_class = filters.Tagged
    default_sort = "name:asc"
    failure = _("The templates could not be read.")


class DetailView(detail.DetailView):
    """One template."""

    getter = Client.get_device_template
    table_class = tables.TemplatesTable
    tab_group_class = tabs.TemplateTabs
    panel = "templates"
    failure = _("The template could not be read.")
