"""Project > Service VMs > Devices."""

import horizon
from django.utils.translation import gettext_lazy as _


class Devices(horizon.Panel):
    name = _("Devices")
    slug = "servicevm_devices"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:device:list"),)
