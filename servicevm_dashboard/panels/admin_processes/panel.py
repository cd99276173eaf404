"""Admin > Service VMs > Processes."""

import horizon
from django.utils.translation import gettext_lazy as _


class Processes(horizon.Panel):
    name = _("Processes")
    slug = "servicevm_processes"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:relay:list"),)
