"""Admin > Service VMs > Holds."""

import horizon
from django.utils.translation import gettext_lazy as _


class Holds(horizon.Panel):
    name = _("Holds")
    slug = "servicevm_holds"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:hold:list"),)
