"""``make chaos OPS=1000 SEED=... DATABASE=mariadb``"""

import argparse
import secrets
import sys

from tests.chaos.run import Plan, run
from tools.cluster.cluster import DATABASES


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="tests.chaos",
        description="Break a cluster while it works; see that nothing is "
        "lost.",
    )
    parser.add_argument("--ops", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--database", choices=DATABASES, default="mariadb")
    parser.add_argument("--pace", type=float, default=0.8)
    asked = parser.parse_args()
    plan = Plan(asked.ops, asked.seed, asked.database, pace=asked.pace)
    print(f"seed {plan.seed}", file=sys.stderr)
    report = run(plan, lambda line: print(line, file=sys.stderr, flush=True))
    print(report.text())
    return int(bool(report.wrong))


if __name__ == "__main__":
    sys.exit(main())
