"""Project > Service VMs > Topology."""

import horizon
from django.utils.translation import gettext_lazy as _


class Topology(horizon.Panel):
    name = _("Topology")
    slug = "servicevm_topology"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:device:list"),)
