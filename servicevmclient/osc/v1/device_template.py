"""Commands: device template."""

import argparse
from typing import Any

from servicevmclient.exceptions import InvalidInput
from servicevmclient.osc import _columns, _files, _options, _values, _verbs
from servicevmclient.osc._filters import NAME, NAME_PREFIX
from servicevmclient.osc._options import Keys, Many, Scalar, Verb
from servicevmclient.v1.device_template import DeviceTemplate

_INTERFACE = _values.pairs(
    "role",
    "network",
    "cidr",
    "gateway",
    "pool_start",
    "pool_end",
    required=("role",),
)

OPTIONS = (
    _options.NEW_NAME,
    _options.DESCRIPTION,
    Scalar(
        "--infra-driver",
        "infra_driver",
        "What makes the devices, e.g. qemu",
        "DRIVER",
    ),
    Keys(
        "--infra-option",
        "infra_options",
        "Option of the infra driver, e.g. memory_mib=192 (repeat for more); "
        "numbers, true and false are what they look like",
        parse=_values.key_typed,
    ),
    Scalar(
        "--mgmt-driver",
        "mgmt_driver",
        "What configures the devices, e.g. agent",
        "DRIVER",
    ),
    Keys(
        "--mgmt-option",
        "mgmt_options",
        "Option of the mgmt driver (repeat for more)",
        parse=_values.key_typed,
    ),
    Many(
        "--interface",
        "interfaces",
        "Interface of each device: role=R[,network=N][,cidr=C][,gateway=A]"
        "[,pool_start=A][,pool_end=A] (repeat for more; set replaces all); "
        "without a network whoever creates a device says which",
        "role=ROLE,network=NETWORK",
        parse=_INTERFACE,
        verbs=_options.BOTH,
        replaces=True,
    ),
    Many(
        "--service-type",
        "service_types",
        "Service type that the devices host (repeat for more)",
        "TYPE",
    ),
    Scalar(
        "--slots",
        "slots",
        "Capacity of each device",
        "N",
        parse=_values.positive,
    ),
    Scalar(
        "--first-contact-timeout",
        "health.first_contact_timeout",
        "Seconds that the agent of a new device has to call home",
        "SECONDS",
        parse=_values.positive,
    ),
    Keys(
        "--healing",
        "healing",
        "How a device that is lost is healed (repeat for more): "
        "ladder=reboot,rebuild (ladder= : not at all); after, backoff and "
        "cooldown in seconds; attempts",
        parse=_values.healing,
    ),
    _options.TAG,
    _options.PROPERTY,
)

_FILE = Scalar(
    "--file",
    "file",
    "YAML or JSON file with the fields of the template; options win over "
    "it ('-': standard input)",
    "FILE",
    verbs=Verb.CREATE,
)


class CreateDeviceTemplate(_verbs.Create):
    """Create a device template"""

    kind = DeviceTemplate
    columns = _columns.DEVICE_TEMPLATE
    options = OPTIONS
    waits = False
    tries = True
    example = (
        "device template create --infra-driver qemu --infra-option "
        "memory_mib=192 --mgmt-driver agent --interface "
        "role=ingress,network=user --service-type loadbalancer --slots 4 "
        "small"
    )

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """With a file the name may be in the file."""
        parser = super().get_parser(prog_name)
        _options.add(parser, (_FILE,), Verb.CREATE)
        for action in parser._actions:
            if action.dest == "name":
                action.nargs, action.required = "?", False
        return parser

    def attributes(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """The file's fields, and over them those of the options."""
        fields: dict[str, Any] = {}
        if parsed_args.option_file is not None:
            fields = _files.load(parsed_args.option_file, self.app.stdin)
            inner = fields.get(self.kind.key)
            fields = inner if isinstance(inner, dict) else fields
        fields |= _options.changes(
            parsed_args, self.options, Verb.CREATE, fields
        )
        name = parsed_args.name or fields.get("name")
        wanted = {
            "NAME": name,
            "--infra-driver": fields.get("infra_driver"),
            "--interface": fields.get("interfaces"),
        }
        missing = [flag for flag, value in wanted.items() if not value]
        if missing:
            raise InvalidInput(f"Needed as well: {', '.join(missing)}.")
        return fields


class ListDeviceTemplate(_verbs.List):
    """List device templates"""

    kind = DeviceTemplate
    columns = _columns.DEVICE_TEMPLATE
    filters = (NAME, NAME_PREFIX)
    example = "device template list --long"


class ShowDeviceTemplate(_verbs.Show):
    """Show a device template"""

    kind = DeviceTemplate
    columns = _columns.DEVICE_TEMPLATE
    example = "device template show small"


class SetDeviceTemplate(_verbs.Set):
    """Change a device template; devices keep the revision they run"""

    kind = DeviceTemplate
    options = OPTIONS
    example = "device template set --infra-option memory_mib=256 small"


class UnsetDeviceTemplate(_verbs.Unset):
    """Take something away from a device template"""

    kind = DeviceTemplate
    options = OPTIONS
    example = "device template unset --tag old small"


class DeleteDeviceTemplate(_verbs.Delete):
    """Delete device templates"""

    kind = DeviceTemplate
    waits = False
    example = "device template delete small"
