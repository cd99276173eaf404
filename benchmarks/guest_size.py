"""What a guest takes: its image on disk, and QEMU's memory. MiB.

``guest_rss_mib`` is QEMU's resident memory with an idle agent online,
``guest_rss_serving_mib`` with a load balancer in it. Of the image's files
the root is shared by all guests; the state disk is sparse, and only what is
allocated counts.
"""

import tempfile
import time
from pathlib import Path

from benchmarks import first_byte, raw_machine
from benchmarks.standalone import standalone
from servicevm.guest.manifest import FILES

#: Seconds that a guest gets to come to rest.
_REST = 2.0


def main() -> None:
    image = raw_machine.image_dir()
    size = sum((image / name).stat().st_blocks * 512 for name in FILES)
    print(f"guest_image_mib {size / (1 << 20):.1f} MiB", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="svm-bench-") as state,
        first_byte.backend() as port,
        standalone(Path(state), image) as api,
    ):
        device_id = api.make_device(api.make_template())
        api.wait_online(device_id)
        time.sleep(_REST)
        pid = api.pid_of(device_id)
        print(f"guest_rss_mib {raw_machine.rss_of(pid):.0f} MiB", flush=True)
        asked = {
            "name": "web",
            "device_id": device_id,
            "service_type": "loadbalancer",
            "config": first_byte.config(port),
        }
        made = api.ok("POST", "/services", {"service": asked})["service"]
        api.wait(
            f"/services/{made['id']}",
            "service",
            lambda found: found["provisioning_status"] == "ACTIVE",
        )
        time.sleep(_REST)
        print(f"guest_rss_serving_mib {raw_machine.rss_of(pid):.0f} MiB")
        api.delete_device(device_id)


if __name__ == "__main__":
    main()
