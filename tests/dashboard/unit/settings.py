"""Horizon's own test settings, and the plugin as an operator enables it."""

import tempfile
from pathlib import Path

import openstack_dashboard.enabled
from openstack_dashboard.test.settings import *  # noqa: F403
from openstack_dashboard.utils import settings as _settings

import servicevm_dashboard.enabled

HORIZON_CONFIG.pop("dashboards", None)  # noqa: F405
HORIZON_CONFIG.pop("default_dashboard", None)  # noqa: F405
_settings.update_dashboards(
    [openstack_dashboard.enabled, servicevm_dashboard.enabled],
    HORIZON_CONFIG,  # noqa: F405
    INSTALLED_APPS,  # noqa: F405
)
INSTALLED_APPS = list(dict.fromkeys(INSTALLED_APPS))  # noqa: F405
POLICY_CHECK_FUNCTION = "openstack_auth.policy.check"
exec(  # noqa: S102 - as Horizon does with it
    (
        Path(servicevm_dashboard.__path__[0])
        / "local_settings.d"
        / "_9390_servicevm.py"
    ).read_text()
)
STATIC_ROOT = tempfile.mkdtemp()
COMPRESS_ROOT = STATIC_ROOT
COMPRESS_ENABLED = False
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
