"""Which accelerator a virtual machine gets."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from servicevm.drivers.infra import kvm_probe
from servicevm.errors import KVM_UNUSABLE, PermanentError

AUTO = "auto"
KVM = "kvm"
TCG = "tcg"
_PROBE_TIMEOUT = 10.0


@dataclass(frozen=True)
class Verdict:
    """Whether KVM runs guests here, and the sentence that says why."""

    usable: bool
    why: str


def boot_id() -> str:
    """Changes with every boot of this machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def probe() -> Verdict:
    """Run code in KVM, in a process of its own, at most ten seconds."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-E", kvm_probe.__file__],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PROBE_TIMEOUT,
            check=True,
        )
        answer = json.loads(done.stdout)
        return Verdict(bool(answer["usable"]), str(answer["why"]))
    except subprocess.TimeoutExpired:
        return Verdict(False, "KVM did not come back from a short loop")
    except (subprocess.CalledProcessError, ValueError, KeyError) as error:
        return Verdict(False, f"the probe of KVM failed: {error}")


def cached_probe(cache: Path) -> Verdict:
    """The probe's verdict, kept in a file until the machine boots again.

    :param cache: the file; its folder is made with mode 0700
    """
    present = boot_id()
    try:
        kept = json.loads(cache.read_text())
        if kept["boot_id"] == present:
            return Verdict(bool(kept["usable"]), str(kept["why"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass  # none kept, or not by us: probe again
    verdict = probe()
    cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = cache.with_name(f".{cache.name}.{os.getpid()}")
    new.write_text(
        json.dumps(
            {
                "boot_id": present,
                "usable": verdict.usable,
                "why": verdict.why,
            }
        )
    )
    new.replace(cache)
    return verdict


def choose(wanted: str, cache: Path) -> str:
    """The accelerator for one that is wanted: ``auto``, ``kvm``, ``tcg``.

    :raises PermanentError: KVM_UNUSABLE where ``kvm`` is wanted
    """
    if wanted == TCG:
        return TCG
    verdict = cached_probe(cache)
    if verdict.usable:
        return KVM
    if wanted == KVM:
        raise PermanentError(
            KVM_UNUSABLE, f"KVM cannot run guests here: {verdict.why}."
        )
    return TCG
