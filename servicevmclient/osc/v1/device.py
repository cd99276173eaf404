"""Commands: device."""

import argparse
from typing import Any

from servicevmclient.osc import (
    _cells,
    _columns,
    _filters,
    _network,
    _options,
    _project,
    _values,
    _verbs,
    _wait,
)
from servicevmclient.osc._base import Base
from servicevmclient.osc._options import Many, Scalar, Verb
from servicevmclient.v1._resource import Resource
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate

_INTERFACE = _values.pairs(
    "role", "network", "subnet", "address", "port", required=("role",)
)

OPTIONS = (
    _options.NEW_NAME,
    Scalar(
        "--template",
        "template_id",
        "Name or ID of the device template",
        "TEMPLATE",
        verbs=Verb.CREATE,
        required=Verb.CREATE,
    ),
    Many(
        "--interface",
        "interfaces",
        "What an interface of the template is to have: role=R,address=A "
        "(the others get free ones), or where the template leaves its "
        "network open role=R,network=N[,subnet=S][,address=A] or "
        "role=R,port=P (repeat for more); names or IDs",
        "role=ROLE,KEY=VALUE",
        parse=_INTERFACE,
        verbs=Verb.CREATE,
    ),
    _options.PROJECT,
    _options.DESCRIPTION,
    _options.TAG,
    _options.PROPERTY,
)


class CreateDevice(_verbs.Create):
    """Create a device: a service VM"""

    kind = Device
    columns = _columns.DEVICE
    options = OPTIONS
    tries = True
    example = "device create --template small --wait lb-1"

    def attributes(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """With the id of the template that is named."""
        found = super().attributes(parsed_args)
        template = self.client.find(DeviceTemplate, found["template_id"])
        self._template = template
        if "project_id" in found:
            project = _project.id_of(self.app, found["project_id"])
            found["project_id"] = project
        if "interfaces" in found:
            found["interfaces"] = [
                _network.ids_of(self.app, one) for one in found["interfaces"]
            ]
        return {**found, "template_id": template.id}

    def tried(self, tried: Resource) -> _verbs.Shown:
        """With where it would be, and what it would take of its quota."""
        names, values = super().tried(tried)
        device, template = tried.to_dict_view(), self._template
        quota = self.client.get_quota(device["project_id"]).to_dict_view()
        takes = {
            "devices": 1,
            "vcpus": template.footprint["vcpus"],
            "ram": template.footprint["ram_mib"],
        }
        rows = [
            {"quota": name, "takes": amount, **quota[name]}
            for name, amount in takes.items()
        ]
        return [*names, "infra_driver", "infra_options", "quota"], [
            *values,
            template.infra_driver,
            _cells.Pairs(template.infra_options),
            _cells.Rows(rows),
        ]


class ListDevice(_verbs.List):
    """List devices"""

    kind = Device
    columns = _columns.DEVICE
    filters = (
        _filters.NAME,
        _filters.NAME_PREFIX,
        _filters.PROVISIONING_STATUS,
        _filters.OPERATING_STATUS,
        _filters.FAILING,
        _filters.Filter(
            "--template",
            "template_id",
            "Only those of this template (name or ID)",
            "TEMPLATE",
            find=DeviceTemplate,
        ),
        _filters.RELAY_GROUP,
    )
    example = "device list --long --sort created_at:desc --limit 20"


class SetDevice(_verbs.Set):
    """Change a device's name, description, tags or properties"""

    kind = Device
    options = OPTIONS
    example = "device set --property rack=12 lb-1"


class UnsetDevice(_verbs.Unset):
    """Take tags or properties away from a device"""

    kind = Device
    options = OPTIONS
    example = "device unset --property rack lb-1"


class DeleteDevice(_verbs.Delete):
    """Delete devices and the services on them"""

    kind = Device
    example = "device delete --wait lb-1"


class RebootDevice(Base):
    """Reboot a device; a VM that is gone is built again"""

    example = "device reboot --wait lb-1"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Hard or not, wait or not, and which."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--hard",
            action="store_true",
            help="Pull the plug instead of asking the guest",
        )
        _wait.add(parser)
        _verbs.add_ref(parser, Device)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for it, and wait if told."""
        found = self.client.find(Device, parsed_args.ref)
        device = self.client.reboot_device(found.id, hard=parsed_args.hard)
        _asked(self, device, parsed_args.wait)


class _AskDevice(Base):
    """Has something done to a device that takes no options."""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Wait or not, and which."""
        parser = super().get_parser(prog_name)
        _wait.add(parser)
        _verbs.add_ref(parser, Device)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for it, and wait if told."""
        found = self.client.find(Device, parsed_args.ref)
        _asked(self, self.ask(found.id), parsed_args.wait)

    def ask(self, device_id: str) -> Device:
        """The device, as it is once it was asked for."""
        raise NotImplementedError


class RebuildDevice(_AskDevice):
    """Make a device's machine anew; its services come back on it"""

    example = "device rebuild --wait lb-1"

    def ask(self, device_id: str) -> Device:
        """A new machine."""
        return self.client.rebuild_device(device_id)


class HealDevice(_AskDevice):
    """Heal a device that is lost now, by its template's ladder"""

    example = "device heal --wait lb-1"

    def ask(self, device_id: str) -> Device:
        """The first rung."""
        return self.client.heal_device(device_id)


class AttachDeviceInterface(Base):
    """Plug one more interface into a device"""

    example = (
        "device interface attach --wait --role ingress --network web lb-1"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Which role and network, wait or not, and of which device."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--role", metavar="ROLE", required=True, help="Its role"
        )
        for key, text in (
            ("network", "Network (name or ID) that it is to be on"),
            ("subnet", "Subnet (name or ID) that its address is to be of"),
            ("address", "Address that it is to have"),
            ("port", "Port of yours (name or ID) that it is to be"),
        ):
            parser.add_argument(f"--{key}", metavar=key.upper(), help=text)
        _wait.add(parser)
        _verbs.add_ref(parser, Device)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for it, and wait if told."""
        found = self.client.find(Device, parsed_args.ref)
        keys = ("role", "network", "subnet", "address", "port")
        given = {key: getattr(parsed_args, key) for key in keys}
        wishes = {key: one for key, one in given.items() if one is not None}
        device = self.client.attach_device_interface(
            found.id, **_network.ids_of(self.app, wishes)
        )
        _asked(self, device, parsed_args.wait)


class DetachDeviceInterface(Base):
    """Unplug an interface from a device"""

    example = "device interface detach --wait lb-1 1"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """Wait or not, of which device, and which."""
        parser = super().get_parser(prog_name)
        _wait.add(parser)
        _verbs.add_ref(parser, Device)
        parser.add_argument(
            "index",
            metavar="INDEX",
            type=_values.index,
            help="Its index, as device show says it",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for it, and wait if told."""
        found = self.client.find(Device, parsed_args.ref)
        device = self.client.detach_device_interface(
            found.id, parsed_args.index
        )
        _asked(self, device, parsed_args.wait)


def _asked(command: Base, device: Device, wait: float | None) -> None:
    """Say which operation began, or wait for its end."""
    if wait is None:
        command.say(f"device {device.name}: operation {device.operation_id}")
        return
    _verbs.waited(command, device, wait)
