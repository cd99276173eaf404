"""Project > Service VMs > Overview."""

import horizon
from django.utils.translation import gettext_lazy as _


class Overview(horizon.Panel):
    name = _("Overview")
    slug = "servicevm_overview"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:device:list"),)
