"""Runs a loop in a one-page virtual machine and measures how fast it runs.

A /dev/kvm that opens proves nothing: there are hosts on which machines can
be made, and their kernel code is then emulated, thousands of times slower,
until an instruction comes that the emulator does not know. This program is
run as a process of its own, so that a kernel that never comes back from it
costs a timeout and not the service. It prints one JSON object.
"""

import ctypes
import fcntl
import json
import mmap
import os
import struct
import sys
import time

DEVICE = "/dev/kvm"
ITERATIONS = 1 << 16
#: Instructions per microsecond below which nobody wants to boot on it.
#: Hardware does hundreds to thousands, an emulator about one.
ENOUGH = 100.0

# From linux/kvm.h, x86-64.
_GET_API_VERSION = 0xAE00
_CREATE_VM = 0xAE01
_GET_VCPU_MMAP_SIZE = 0xAE04
_CREATE_VCPU = 0xAE41
_SET_TSS_ADDR = 0xAE47
_SET_USER_MEMORY_REGION = 0x4020AE46
_RUN = 0xAE80
_SET_REGS = 0x4090AE82
_GET_SREGS = 0x8138AE83
_SET_SREGS = 0x4138AE84
_API_VERSION = 12
_EXIT_HLT = 5
_SREGS_SIZE = 0x138
_BASE = 0x1000
_SIZE = 0x2000
_BUDGET = 2.0


def _program() -> bytes:
    """16-bit code: mov ecx, ITERATIONS; again: dec ecx; jnz again; hlt."""
    return (
        b"\x66\xb9" + struct.pack("<I", ITERATIONS) + b"\x66\x49\x75\xfc\xf4"
    )


def measure() -> tuple[int, float]:
    """Run the loop; return the exit reason and the seconds it took.

    :raises OSError: a call of KVM failed
    """
    files: list[int] = []
    try:
        kvm = os.open(DEVICE, os.O_RDWR | os.O_CLOEXEC)
        files.append(kvm)
        version = fcntl.ioctl(kvm, _GET_API_VERSION)
        if version != _API_VERSION:
            raise OSError(f"KVM speaks version {version}")
        machine = fcntl.ioctl(kvm, _CREATE_VM, 0)
        files.append(machine)
        # Python's ioctl takes no int above 2**31: any free place will do.
        fcntl.ioctl(machine, _SET_TSS_ADDR, 0x20000000)
        memory = mmap.mmap(-1, _SIZE)
        code = _program()
        memory[: len(code)] = code
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        region = struct.pack("<IIQQQ", 0, 0, _BASE, _SIZE, address)
        fcntl.ioctl(machine, _SET_USER_MEMORY_REGION, region)
        cpu = fcntl.ioctl(machine, _CREATE_VCPU, 0)
        files.append(cpu)
        size = fcntl.ioctl(kvm, _GET_VCPU_MMAP_SIZE)
        run = mmap.mmap(cpu, size)
        special = bytearray(_SREGS_SIZE)
        fcntl.ioctl(cpu, _GET_SREGS, special, True)
        # the code segment comes first: base, limit, selector
        struct.pack_into("<QIH", special, 0, 0, 0xFFFF, 0)
        fcntl.ioctl(cpu, _SET_SREGS, bytes(special))
        # general registers, then rip and rflags
        registers = [0] * 16 + [_BASE, 2]
        fcntl.ioctl(cpu, _SET_REGS, struct.pack("<18Q", *registers))
        started = time.perf_counter()
        while True:
            try:
                fcntl.ioctl(cpu, _RUN, 0)
                break
            except InterruptedError:
                if time.perf_counter() - started > _BUDGET:
                    break
        took = time.perf_counter() - started
        (reason,) = struct.unpack_from("<I", run, 8)
        return reason, took
    finally:
        for file in reversed(files):
            os.close(file)


def judge(reason: int, seconds: float) -> tuple[bool, str]:
    """Whether a machine that ended so, after so long, is of use; and why."""
    if reason != _EXIT_HLT:
        return False, f"the virtual machine ended with reason {reason}"
    speed = 2 * ITERATIONS / max(seconds, 1e-9) / 1e6
    if speed < ENOUGH:
        return False, (
            f"KVM emulates the guest's code here ({speed:.1f} million "
            "instructions a second)"
        )
    return True, f"{speed:.0f} million instructions a second"


def main() -> int:
    try:
        usable, why = judge(*measure())
    except OSError as error:
        usable, why = False, f"{DEVICE}: {error.strerror or error}"
    json.dump({"usable": usable, "why": why}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
