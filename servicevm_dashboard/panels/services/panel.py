"""Project > Service VMs > Services."""

import horizon
from django.utils.translation import gettext_lazy as _


class Services(horizon.Panel):
    name = _("Services")
    slug = "servicevm_services"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:service:list"),)
