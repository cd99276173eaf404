"""What a template may say of a virtual machine."""

from collections.abc import Mapping, Sequence
from typing import Any

from servicevm.drivers.infra import (
    accelerator,
    qemu_command,
    tap,
    user_network,
)
from servicevm.errors import TEMPLATE_INVALID, PermanentError

__all__ = ["MEMORY_MIB", "OPTIONS", "check_interfaces", "memory_mib", "vcpus"]

#: Of a machine whose template does not say.
MEMORY_MIB = 192

#: JSON Schema of the driver's options.
OPTIONS: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "memory_mib": {
            "title": "Memory (MiB)",
            "type": "integer",
            "minimum": 96,
            "maximum": 65536,
            "default": MEMORY_MIB,
            "description": "Memory of the virtual machine, in MiB.",
            "x-basic": True,
        },
        "vcpus": {
            "title": "Processors",
            "type": "integer",
            "minimum": 1,
            "maximum": 16,
            "default": 1,
            "description": "Its processors.",
            "x-basic": True,
        },
        "accelerator": {
            "title": "Accelerator",
            "enum": [accelerator.AUTO, accelerator.KVM, accelerator.TCG],
            "x-enum-titles": {
                accelerator.AUTO: "The best that works",
                accelerator.KVM: "KVM",
                accelerator.TCG: "Software emulation",
            },
            "description": "KVM, software emulation (tcg), or the "
            "better of those that work here (auto); the option "
            "[qemu] accelerator if not given.",
        },
        "image": {
            "title": "Guest image",
            "type": "string",
            "pattern": "^/[^\\u0000]+$",
            "maxLength": 1024,
            "x-sentence": "It must be the path of a folder, from / on.",
            "description": "Folder of another guest image.",
        },
    },
}


def check_interfaces(interfaces: Sequence[Mapping[str, Any]]) -> None:
    """Refuse interfaces that no machine here can have.

    :raises PermanentError: TEMPLATE_INVALID, with what and where
    """
    if len(interfaces) > qemu_command.MAX_INTERFACES:
        raise PermanentError(
            TEMPLATE_INVALID,
            f"A device has {qemu_command.MAX_INTERFACES} interfaces at "
            "the most.",
            fields={"interfaces": "too many"},
        )
    users = 0
    for number, interface in enumerate(interfaces):
        network = str(interface.get("network", ""))
        if network == user_network.NETWORK:
            users += 1
        elif tap.bridge_name(network) is None:
            raise PermanentError(
                TEMPLATE_INVALID,
                f"The network {network!r} is neither 'user' nor "
                "'bridge:' and the name of a Linux bridge.",
                fields={
                    f"interfaces/{number}/network": "must be 'user' or "
                    "'bridge:NAME'"
                },
            )
    if users > 1:
        raise PermanentError(
            TEMPLATE_INVALID,
            "Only one interface of a device can be on the network 'user'.",
            fields={"interfaces": "more than one on 'user'"},
        )


def vcpus(options: Mapping[str, Any]) -> int:
    return int(options.get("vcpus", 1))


def memory_mib(options: Mapping[str, Any]) -> int:
    return int(options.get("memory_mib", MEMORY_MIB))
