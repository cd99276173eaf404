"""Admin > Service VMs > Services."""

import horizon
from django.utils.translation import gettext_lazy as _


class Services(horizon.Panel):
    name = _("Services")
    slug = "servicevm_services"
    permissions = ("openstack.services.servicevm",)
    # Both of them; Horizon takes any of the outer ones.
    policy_rules = (
        (
            ("servicevm", "servicevm:all_projects"),
            ("servicevm", "servicevm:service:list"),
        ),
    )
