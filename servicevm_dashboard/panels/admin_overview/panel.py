"""Admin > Service VMs > Overview."""

import horizon
from django.utils.translation import gettext_lazy as _


class Overview(horizon.Panel):
    name = _("Overview")
    slug = "servicevm_overview"
    permissions = ("openstack.services.servicevm",)
    # Both of them; Horizon takes any of the outer ones.
    policy_rules = (
        (
            ("servicevm", "servicevm:all_projects"),
            ("servicevm", "servicevm:device:list"),
        ),
    )
