"""Admin > Service VMs > Quotas."""

import horizon
from django.utils.translation import gettext_lazy as _


class Quotas(horizon.Panel):
    name = _("Quotas")
    slug = "servicevm_quotas"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:quota:list"),)
