"""Time of a call from the relay to the agent in a real virtual machine.

As `agent_rtt`, but the agent is the real one, behind the virtio-serial port
of a raw machine. Microseconds.
"""

import argparse
import time

from benchmarks import raw_machine
from benchmarks.agent_rtt import show
from benchmarks.relay_server import PATIENCE, server

#: Seconds between two calls: the agent takes 50 a second.
_PAUSE = 0.025


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=400)
    times = parser.parse_args().calls
    image = raw_machine.image_dir()
    with (
        server() as relay,
        raw_machine.prepare(
            relay.serial.parent.parent,
            image,
            relay.serial,
            relay.authority.ca_bundle,
        ) as machine,
    ):
        relay.ask("expect", machine.device_id)
        with machine.run():
            deadline = time.monotonic() + PATIENCE
            while not relay.ask("connected"):
                if time.monotonic() > deadline:
                    raise RuntimeError("the agent did not call")
                time.sleep(0.05)
            relay.ask("calls", machine.device_id, 20, _PAUSE)
            spent = relay.ask("calls", machine.device_id, times, _PAUSE)
    show("agent_rtt_vm", spent)


if __name__ == "__main__":
    main()
