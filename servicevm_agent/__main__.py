"""``python3 agent.pyz``: run the agent.

In a device it takes no options; they are for running it elsewhere.
"""

from __future__ import annotations

import signal
import sys
from typing import List, Optional

from servicevm_agent.agent import Agent
from servicevm_agent.bootstrap import BootstrapError
from servicevm_agent.layout import Layout
from servicevm_agent.log import log
from servicevm_agent.wake import Wake

#: Init tries again, but after a longer while: sysexits.h, EX_CONFIG.
NOTHING_TOLD = 78
_NULLABLE = (
    "bootstrap",
    "netns",
    "haproxy_user",
    "haproxy_group",
    "haproxy_chroot",
)


def main(arguments: Optional[List[str]] = None) -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    layout = _layout(given) if given else Layout()
    wake = Wake()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: wake.stop())
    try:
        Agent(layout, wake).run()
    except BootstrapError as error:
        log(f"cannot work: {error}")
        return NOTHING_TOLD
    except OSError as error:
        log(f"cannot work: {error}")
        return 1
    return 0


def _layout(arguments: List[str]) -> Layout:
    import argparse  # 10 ms that no device has to spend

    parser = argparse.ArgumentParser(
        prog="servicevm_agent",
        description="The agent of a service VM, run outside of one.",
        epilog="example: python -m servicevm_agent --state /tmp/a/state "
        "--run /tmp/a/run --bootstrap /tmp/a/servicevm.json --netns '' "
        "--haproxy-user '' --haproxy-group '' --haproxy-chroot ''",
    )
    layout = Layout()
    for name, value in layout._asdict().items():
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, default=value, metavar="X")
    parsed = vars(parser.parse_args(arguments))
    for name in _NULLABLE:
        parsed[name] = parsed[name] or None
    return layout._replace(**parsed)


if __name__ == "__main__":
    sys.exit(main())
