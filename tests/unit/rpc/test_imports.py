"""What a process on the bus carries along."""

import json
import os
import subprocess
import sys

PROBE = """
import json, sys
import servicevm.rpc.bus
json.dump(sorted(sys.modules), sys.stdout)
"""


def test_no_process_carries_what_nothing_of_ours_uses() -> None:
    environ = {k: v for k, v in os.environ.items() if k[:8] != "EVENTLET"}
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    modules = json.loads(done.stdout)
    # eventlet's, which oslo.service imports.
    assert not {"dns", "dns.resolver"} & set(modules)
    assert len(modules) < 650
