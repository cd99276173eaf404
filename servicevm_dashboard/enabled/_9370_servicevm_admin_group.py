from django.utils.translation import gettext_lazy as _

PANEL_GROUP = "servicevm"
PANEL_GROUP_NAME = _("Service VMs")
PANEL_GROUP_DASHBOARD = "admin"
