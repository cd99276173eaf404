"""The partition that a cloud's firmware boots: loaders, kernel, its initrd.

SYSLINUX starts it on a BIOS, systemd-boot under UEFI; both read files and
ask nobody anything. Whoever has root and a real disk would have their
installers do this; here their packages are unpacked, not installed.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from servicevm.guest import recipe
from servicevm.guest.command import run

KERNEL = "kernel"
INITRD = "initrd"
_ARGUMENTS = " ".join(recipe.CLOUD_KERNEL_ARGUMENTS)
#: What the loaders read. The serial port is the console that a cloud keeps.
#: Without a prompt, SYSLINUX asks only when the kernel could not be loaded;
#: with NOESCAPE as well it would try again without end.
CONFIGURATION = {
    "syslinux.cfg": (
        "SERIAL 0 115200\n"
        "DEFAULT servicevm\n"
        "LABEL servicevm\n"
        f"LINUX /{KERNEL}\n"
        f"INITRD /{INITRD}\n"
        f"APPEND {_ARGUMENTS}\n"
    ),
    "loader/loader.conf": "timeout 0\neditor no\n",
    "loader/entries/servicevm.conf": (
        "title servicevm\n"
        f"linux /{KERNEL}\n"
        f"initrd /{INITRD}\n"
        f"options {_ARGUMENTS}\n"
    ),
}
#: Where UEFI looks on a disk that it has not seen before.
_EFI_PROGRAM = "EFI/BOOT/BOOTX64.EFI"

# Below the folder of the unpacked packages.
_SYSLINUX = "usr/bin/syslinux"
_SYSTEMD_BOOT = "usr/lib/systemd/boot/efi/systemd-bootx64.efi"
_BIOS_START = "usr/lib/SYSLINUX/mbr.bin"
_MKFS = "sbin/mkfs.fat"
_MTOOLS = "usr/bin/mtools"


def start(tools: Path) -> bytes:
    """What a BIOS runs: it goes on with the active partition."""
    return (tools / _BIOS_START).read_bytes()


def make_boot_partition(
    tools: Path, kernel: Path, initrd: Path, target: Path
) -> None:
    """Make the file system, hardly larger than what is in it.

    :param tools: where `recipe.TOOL_PACKAGES` are unpacked
    """
    files = {
        KERNEL: kernel,
        INITRD: initrd,
        _EFI_PROGRAM: tools / _SYSTEMD_BOOT,
    }
    for number, (name, text) in enumerate(CONFIGURATION.items()):
        files[name] = tools / f"configuration-{number}"
        files[name].write_text(text)
    _make_file_system(tools, files, target)
    _run_tool(tools, _SYSLINUX, "--install", str(target), package="syslinux")


def _make_file_system(
    tools: Path, files: Mapping[str, Path], target: Path
) -> None:
    content = sum(path.stat().st_size for path in files.values())
    # besides: its two tables, folders, and SYSLINUX itself
    size = content + content // 100 + (1 << 19)
    size = -(-size // recipe.ALIGNMENT) * recipe.ALIGNMENT
    with target.open("xb") as file:
        file.truncate(size)
    _run_tool(
        tools,
        _MKFS,
        "--invariant",
        "-F16",
        "-s4",
        "-i",
        f"{recipe.BOOT_VOLUME_ID:08x}",
        "-n",
        recipe.BOOT_VOLUME_LABEL,
        "-h",
        str(recipe.ALIGNMENT // recipe.SECTOR),
        str(target),
        package="dosfstools",
    )
    folders = {
        str(folder)
        for name in files
        for folder in Path(name).parents
        if folder.name
    }
    for folder in sorted(folders):
        _mtools(tools, "mmd", "-i", str(target), f"::/{folder}")
    for name, path in sorted(files.items()):
        _mtools(tools, "mcopy", "-i", str(target), str(path), f"::/{name}")


def _mtools(tools: Path, command: str, *arguments: str) -> None:
    _run_tool(tools, _MTOOLS, "-c", command, *arguments, package="mtools")


def _run_tool(
    tools: Path, program: str, *arguments: str, package: str
) -> None:
    run(
        [str(tools / program), *arguments],
        package=package,
        timeout=60,
        env={
            # SYSLINUX calls mtools, which would read a file of the caller's
            "PATH": f"{tools / 'usr/bin'}:{os.environ.get('PATH', '')}",
            "HOME": "/nonexistent",
        },
    )
