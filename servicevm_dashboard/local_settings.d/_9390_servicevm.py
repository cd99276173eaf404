# Horizon reads this file's text with its settings as its globals.
import os as _os

import servicevm_dashboard as _servicevm

_conf = _os.path.join(_os.path.dirname(_servicevm.__file__), "conf")
POLICY_FILES = {
    **POLICY_FILES,  # noqa: F821
    "servicevm": _os.path.join(_conf, "servicevm_policy.yaml"),
}
DEFAULT_POLICY_FILES = {
    **DEFAULT_POLICY_FILES,  # noqa: F821
    "servicevm": _os.path.join(_conf, "default_policies", "servicevm.yaml"),
}
