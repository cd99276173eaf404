"""Admin > Service VMs > Usage."""

import horizon
from django.utils.translation import gettext_lazy as _


class Usage(horizon.Panel):
    name = _("Usage")
    slug = "servicevm_usage"
    permissions = ("openstack.services.servicevm",)
    # Both of them; Horizon takes any of the outer ones.
    policy_rules = (
        (
            ("servicevm", "servicevm:all_projects"),
            ("servicevm", "servicevm:usage:list"),
        ),
    )
