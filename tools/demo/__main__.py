"""The main job of servicevm, in front of the user: ``make demo``.

Boots a real virtual machine, configures a load balancer in it over two
real HTTP servers, sends requests through it, and takes it all down again.
Exits 0 only if every request was answered by a server *through the VM* and
nothing is left.
"""

import argparse
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if not __package__:
    # Run as a folder: its modules must not be taken for others' of the
    # same name.
    sys.path[0] = str(ROOT)

from tools.demo import balancing, leftovers  # noqa: E402
from tools.demo.network import TAG, TenantNetwork, tenant_network  # noqa: E402
from tools.demo.terminal import BIN, DemoError, Shell, say  # noqa: E402

#: where the service's log is put if the demo fails
LOG = ROOT / ".cache" / "demo.log"

#: what a device's fact `accelerator` means
ACCELERATORS = {
    "kvm": "QEMU runs it on this machine's processor, with KVM.",
    "tcg": "QEMU emulates its processor, with TCG: KVM runs no guests here.",
}


@contextlib.contextmanager
def standalone(state_dir: Path, image_dir: Path) -> Iterator[Path]:
    """Run servicevm-standalone; yields the path of its clouds.yaml."""
    config = state_dir / "servicevm.conf"
    config.write_text(
        f"[DEFAULT]\nuse_stderr = true\n[qemu]\nimage_dir = {image_dir}\n"
    )
    log = state_dir / "standalone.log"
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [
                str(BIN / "servicevm-standalone"),
                "--config-file", str(config),
                "--state-dir", str(state_dir),
                "--port", "0",
            ],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            # Ctrl-C is for the demo, which then stops it in order.
            start_new_session=True,
        )  # fmt: skip
    try:
        if process.stdout is None:  # for the type checker
            raise RuntimeError("no pipe")
        ready = process.stdout.readline()
        if not ready:
            raise DemoError(
                f"servicevm-standalone did not start:\n{log.read_text()}"
            )
        print(ready.strip())
        yield state_dir / "clouds.yaml"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def build_image(image_dir: Path) -> None:
    """Make the guest image, or see that it is there."""
    done = subprocess.run(
        [
            str(BIN / "servicevm-manage"),
            "image",
            "build",
            "--output",
            str(image_dir),
        ],
        # The progress on standard error says the folder as well.
        stdout=subprocess.DEVNULL,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise DemoError("The guest image was not built; see above.")


def main_job(
    shell: Shell, network: TenantNetwork, folder: Path, keep: bool
) -> list[str]:
    """What an operator and a tenant do, from template to delete.

    :return: ids of the devices that there were
    """
    say("An operator defines what a load balancer device is")
    shell.show(
        "openstack servicevm device template create --infra-driver qemu "
        "--infra-option memory_mib=192 --mgmt-driver agent "
        f"--interface {network.interface} "
        "--service-type loadbalancer --slots 4 demo"
    )
    say("A real virtual machine, from nothing to its agent online")
    shell.show(
        "openstack servicevm device create --template demo --wait demo1"
    )
    device = shell.read("device show demo1")
    if not isinstance(device, dict):
        raise DemoError("device show did not give an object")
    accelerator = device["facts"].get("accelerator", "unknown")
    print(f"\n{ACCELERATORS.get(accelerator, accelerator)}")
    say("A load balancer in it")
    path = folder / "web.yaml"
    balancing.write_config(path, network)
    shell.show(
        "openstack servicevm service create --device demo1 "
        f"--type loadbalancer --config {path.name} --wait shop"
    )
    balancing.send_requests(shell, network, "demo1")
    say("What the load balancer counted, and how the device came to be")
    shell.show("openstack servicevm service stats show shop")
    shell.show("openstack servicevm operation list --device demo1")
    shell.show(f"openstack servicevm operation show {first_operation(shell)}")
    if keep:
        hold(shell, network)
    devices = shell.names("device", "ID")
    say("And all of it away again")
    # With KEEP=1 also what the user made meanwhile.
    for noun, wait in (
        ("service", " --wait"),
        ("device", " --wait"),
        ("device template", ""),
    ):
        found = shell.names(noun, "ID" if keep else "Name")
        if found:
            shell.show(
                f"openstack servicevm {noun} delete{wait} {' '.join(found)}"
            )
    return devices


def first_operation(shell: Shell) -> str:
    rows = shell.read("operation list --device demo1")
    for row in rows:  # type: ignore[attr-defined]
        if row["Action"] == "create" and row["Resource Type"] == "device":
            return str(row["ID"])
    raise DemoError("operation list does not have the device's creation")


def hold(shell: Shell, network: TenantNetwork) -> None:
    """Leave it running until the user has seen enough."""
    service = shell.read(f"service show {balancing.SERVICE}")
    endpoint = service["endpoints"][0]  # type: ignore[index]
    curl = shlex.join(
        [
            *network.prefix_command,
            *("curl", "-s"),
            f"http://{endpoint['address']}:{endpoint['port']}/",
        ]
    )
    say("KEEP=1: it stays. Talk to it from another terminal:")
    print(
        f"cd {ROOT}\n"
        f"export PATH={BIN}:$PATH\n"
        f"export OS_CLIENT_CONFIG_FILE={shell.env['OS_CLIENT_CONFIG_FILE']}\n"
        "export OS_CLOUD=servicevm\n"
        "openstack servicevm device list\n"
        f"{curl}\n"
        "\nREADME.rst has more to type. Ctrl-C here takes everything down, "
        "also what you made.",
        flush=True,
    )
    with contextlib.suppress(KeyboardInterrupt):
        signal.pause()


def check_leftovers(state_dir: Path, tag: str, devices: list[str]) -> None:
    """Prove that nothing is left.

    :param devices: ids of the devices there were
    :raises DemoError: naming each thing that is
    """
    left = leftovers.processes(str(state_dir))
    left += leftovers.files(state_dir)
    left += leftovers.rows(state_dir / "servicevm.sqlite")
    left += leftovers.network(tag)
    left += leftovers.taps(devices)
    if left:
        raise DemoError("Left behind:\n  " + "\n  ".join(left))
    print("Nothing is left: no process, socket, tap, namespace, file or row.")


def run(keep: bool, image_dir: Path) -> None:
    """Everything, with a state folder of its own."""
    say("The guest image (kept for the next run)")
    build_image(image_dir)
    # Below /tmp, because the path of a unix socket is at most 107 bytes.
    state_dir = Path(tempfile.mkdtemp(prefix="servicevm-demo-"))
    try:
        with tenant_network() as network:
            say("servicevm-standalone")
            with standalone(state_dir, image_dir) as clouds:
                devices = main_job(Shell(clouds), network, state_dir, keep)
        say("Nothing left?")
        check_leftovers(state_dir, TAG, devices)
    except Exception:
        log = state_dir / "standalone.log"
        if log.exists():
            LOG.parent.mkdir(exist_ok=True)
            shutil.copyfile(log, LOG)
            print(f"\nThe service's log is in {LOG}", file=sys.stderr)
        raise
    finally:
        kill_devices(state_dir)
        shutil.rmtree(state_dir)


def kill_devices(state_dir: Path) -> None:
    """After a failed run: end the virtual machines it left.

    On success there is none; `check_leftovers` saw to that.
    """
    for line in leftovers.processes(f"{state_dir}/devices"):
        os.kill(int(line.split()[1].rstrip(":")), signal.SIGKILL)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument(
        "--image-dir", type=Path, default=ROOT / ".cache" / "image"
    )
    options = parser.parse_args()
    started = time.monotonic()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(options.keep, options.image_dir)
    except DemoError as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; everything was taken down.", file=sys.stderr)
        return 130
    if not options.keep:
        print(
            f"\nThe demo took {time.monotonic() - started:.0f} s. "
            "make demo KEEP=1 leaves it running, to play with."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
