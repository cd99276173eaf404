"""Admin > Service VMs > Templates."""

import horizon
from django.utils.translation import gettext_lazy as _


class Templates(horizon.Panel):
    name = _("Templates")
    slug = "servicevm_templates"
    permissions = ("openstack.services.servicevm",)
    # Both of them; Horizon takes any of the outer ones.
    policy_rules = (
        (
            ("servicevm", "servicevm:all_projects"),
            ("servicevm", "servicevm:device_template:update"),
        ),
    )
