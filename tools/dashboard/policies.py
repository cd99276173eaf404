"""Write the policy files of the Horizon plugin from the service's rules.

usage: python -m tools.dashboard.policies
"""

from pathlib import Path
from typing import Any

import yaml
from oslo_policy import policy

from servicevm.policy import list_rules

CONF = Path(__file__).resolve().parents[2] / "servicevm_dashboard" / "conf"


def entries() -> list[dict[str, Any]]:
    """The rules as Horizon reads defaults."""
    return [_entry(rule) for rule in list_rules()]


def _entry(rule: policy.RuleDefault) -> dict[str, Any]:
    return {
        "name": rule.name,
        "check_str": rule.check_str,
        "description": rule.description,
        "operations": list(getattr(rule, "operations", [])),
        "scope_types": rule.scope_types,
    }


def text() -> str:
    """``default_policies/servicevm.yaml``"""
    head = "# Written by tools.dashboard.policies out of the service's.\n"
    return head + yaml.safe_dump(entries(), sort_keys=False, width=76)


if __name__ == "__main__":
    (CONF / "default_policies" / "servicevm.yaml").write_text(text())
