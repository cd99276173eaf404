"""``servicevm-policy-validator``: whether the policy file is right.

The same look at it as the service takes when it starts, and one at rules
that it has but the service does not know.
"""

import sys
from collections.abc import Sequence

from oslo_config import cfg

from servicevm import conf as servicevm_conf
from servicevm import enforcer


def main(argv: Sequence[str] | None = None) -> int:
    """Exit with 0 where it is, else with 1 and a sentence."""
    conf = servicevm_conf.register(cfg.CONF)
    try:
        conf(
            sys.argv[1:] if argv is None else list(argv),
            project="servicevm",
            prog="servicevm-policy-validator",
        )
        rules = enforcer.Policy(conf)
    except cfg.Error as error:
        return _fail(f"The configuration can not be used: {error}")
    except enforcer.PolicyError as error:
        return _fail(f"{error}")
    unknown = rules.unknown()
    if unknown:
        return _fail(f"The service has no rule {', '.join(unknown)}.")
    files = ", ".join(map(str, enforcer.files(conf))) or "none"
    print(f"The policy is right. Files: {files}.")
    return 0


def _fail(sentence: str) -> int:
    print(f"servicevm-policy-validator: {sentence}", file=sys.stderr)
    return 1
