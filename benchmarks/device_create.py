"""Time from the API call to a device that is ACTIVE, its agent online.

Cold: a virtual machine that never ran, through a real
``servicevm-standalone``. After each a raw machine is booted to its agent's
first byte, so that both see the same load; the ratio is that of the medians.
Seconds.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import boot_floor, raw_machine
from benchmarks.standalone import Api, standalone


def measure(api: Api, template_id: str) -> float:
    """Seconds of one creation; the device is gone afterwards."""
    began = time.perf_counter()
    device_id = api.make_device(template_id)
    api.wait_online(device_id)
    took = time.perf_counter() - began
    api.delete_device(device_id)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    image = raw_machine.image_dir()
    created, boots = [], []
    with (
        tempfile.TemporaryDirectory(prefix="svm-bench-") as state,
        tempfile.TemporaryDirectory(prefix="svm-bench-") as work,
        standalone(Path(state), image) as api,
    ):
        floor = boot_floor.Floor(Path(work), image)
        template_id = api.make_template()
        measure(api, template_id)  # fills caches, probes KVM
        for _ in range(runs):
            created.append(measure(api, template_id))
            boots.append(floor.boot())
    boot_floor.show(boots)
    create = statistics.median(created)
    least = statistics.median(boot.wall for boot in boots)
    print(f"device_create {create:.3f} s")
    print(f"device_create_ratio {create / least:.2f} ratio")


if __name__ == "__main__":
    main()
