"""What boots the disk; tests/functional boots it."""

import pytest

from servicevm.guest import loader, recipe


@pytest.mark.parametrize(
    "name", ["syslinux.cfg", "loader/entries/servicevm.conf"]
)
def test_both_loaders_start_the_same_kernel_in_the_same_way(name) -> None:
    lines = loader.CONFIGURATION[name].splitlines()
    words = [line.split(" ", 1) for line in lines]
    said = {name.lower(): value for name, value in words}
    assert said["linux"] == "/kernel"
    assert said["initrd"] == "/initrd"
    arguments = said.get("append") or said["options"]
    assert arguments.split() == list(recipe.CLOUD_KERNEL_ARGUMENTS)
    assert "console=ttyS0" in arguments


def test_nobody_is_asked_and_the_console_of_the_cloud_hears_it() -> None:
    bios = loader.CONFIGURATION["syslinux.cfg"].splitlines()
    assert "SERIAL 0 115200" in bios
    assert not [
        line for line in bios if line.startswith(("PROMPT", "UI", "NOESC"))
    ]
    assert "timeout 0" in loader.CONFIGURATION["loader/loader.conf"]
