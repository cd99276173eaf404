"""Time from the API call to a device that is ACTIVE, its agent online.

Cold: a virtual machine that never ran, through a real
``servicevm-standalone``. After each a raw machine is booted to its agent's
first byte (`boot_floor`), so that both see the same load; the ratios are
those of the medians and of the least times: on a busy machine the latter is
nearer to the truth. The ``_cpu`` figures are the CPU of QEMU alone. Seconds.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks import boot_floor, raw_machine
from benchmarks.boot_floor import Boot
from benchmarks.standalone import Api, standalone


def measure(api: Api, template_id: str) -> Boot:
    """One creation; the device is gone afterwards."""
    began = time.perf_counter()
    device_id = api.make_device(template_id)
    api.wait_online(device_id)
    took = time.perf_counter() - began
    cpu = raw_machine.cpu_of(api.pid_of(device_id))
    api.delete_device(device_id)
    return Boot(took, cpu)


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
    floor_median, floor_least = boot_floor.show("boot_floor", boots)
    median, least = boot_floor.show("device_create", created)
    print(f"device_create_ratio {median / floor_median:.2f} ratio")
    print(f"device_create_ratio_least {least / floor_least:.2f} ratio")


if __name__ == "__main__":
    main()
