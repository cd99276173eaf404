"""Project > Service VMs > Usage."""

import horizon
from django.utils.translation import gettext_lazy as _


class Usage(horizon.Panel):
    name = _("Usage")
    slug = "servicevm_usage"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:usage:list"),)
