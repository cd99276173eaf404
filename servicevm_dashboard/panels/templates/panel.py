"""Project > Service VMs > Templates."""

import horizon
from django.utils.translation import gettext_lazy as _


class Templates(horizon.Panel):
    name = _("Templates")
    slug = "servicevm_templates"
    permissions = ("openstack.services.servicevm",)
    policy_rules = (("servicevm", "servicevm:device_template:list"),)
