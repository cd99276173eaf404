"""Admin > Service VMs > Devices."""

import horizon
from django.utils.translation import gettext_lazy as _


class Devices(horizon.Panel):
    name = _("Devices")
    slug = "servicevm_devices"
    permissions = ("openstack.services.servicevm",)
    # Both of them; Horizon takes any of the outer ones.
    policy_rules = (
        (
            ("servicevm", "servicevm:all_projects"),
            ("servicevm", "servicevm:device:list"),
        ),
    )
