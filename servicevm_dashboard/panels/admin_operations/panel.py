"""Admin > Service VMs > Operations and Events."""

import horizon
from django.utils.translation import gettext_lazy as _


class Operations(horizon.Panel):
    name = _("Operations and Events")
    slug = "servicevm_operations"
    permissions = ("openstack.services.servicevm",)
    # Both of them; Horizon takes any of the outer ones.
    policy_rules = (
        (
            ("servicevm", "servicevm:all_projects"),
            ("servicevm", "servicevm:operation:list"),
        ),
    )
