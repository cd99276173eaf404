"""Settings of the lab's Horizon, as an operator would write them.

Horizon finds this file because the folder above is on PYTHONPATH; nothing
is written into its own folders. What differs from lab to lab is in the file
that the environment variable SERVICEVM_HORIZON names.
"""

import json
import os
from pathlib import Path

_here = json.loads(Path(os.environ["SERVICEVM_HORIZON"]).read_text())

DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
SECRET_KEY = _here["secret_key"]
OPENSTACK_KEYSTONE_URL = _here["keystone_url"]
TIME_ZONE = "UTC"

STATIC_ROOT = _here["static_root"]
DEFAULT_THEME = _here.get("theme", "default")
COMPRESS_OFFLINE = True

# Its defaults want a memcached.
SESSION_ENGINE = "django.contrib.sessions.backends.file"
SESSION_FILE_PATH = _here["sessions"]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        # The compressor alone keeps more than the 300 that are usual.
        "OPTIONS": {"MAX_ENTRIES": 20000},
    }
}

# A request that fails says why in the log; the lab is for finding out.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"}
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # One line for every mtime that it looks up.
        "compressor": {"level": "WARNING"},
        "django": {"level": "WARNING"},
        # There is no Neutron here, which it tells for every page.
        "openstack_dashboard.dashboards.admin.rbac_policies": {
            "level": "CRITICAL"
        },
    },
}


def _home(user):
    """The first page after the login.

    Horizon's own is the project's overview, which needs a Nova.
    """
    if user.has_perm("openstack.services.servicevm"):
        return "/project/servicevm_overview/"
    return "/identity/"


from openstack_dashboard.settings import HORIZON_CONFIG

HORIZON_CONFIG["user_home"] = _home

# -- the panels of servicevm: what the manual tells to write here ------------

from openstack_dashboard.defaults import DEFAULT_POLICY_FILES, POLICY_FILES
from openstack_dashboard.local import enabled as _local

import servicevm_dashboard.enabled

# No name of ours may be "enabled": Horizon's settings have one.
_local.__path__ += servicevm_dashboard.enabled.__path__

_conf = f"{servicevm_dashboard.__path__[0]}/conf"
POLICY_FILES = {
    **POLICY_FILES,
    "servicevm": f"{_conf}/servicevm_policy.yaml",
}
DEFAULT_POLICY_FILES = {
    **DEFAULT_POLICY_FILES,
    "servicevm": f"{_conf}/default_policies/servicevm.yaml",
}
