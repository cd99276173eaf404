"""``servicevm-policy-generator``: every rule, as a file to begin with."""

import sys
from collections.abc import Sequence

from oslo_config import cfg
from oslo_policy import generator


def main(argv: Sequence[str] | None = None) -> int:
    """Write a sample policy file; see ``--help``."""
    given = sys.argv[1:] if argv is None else list(argv)
    generator.generate_sample(
        ["--namespace", "servicevm", *given], conf=cfg.ConfigOpts()
    )
    return 0
