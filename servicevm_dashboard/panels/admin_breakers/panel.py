"""Admin > Service VMs > Breakers."""

import horizon
from django.utils.translation import gettext_lazy as _


class Breakers(horizon.Panel):
    name = _("Breakers")
    slug = "servicevm_breakers"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:breaker:list"),)
