"""Every command: its words and where it is.

``setup.cfg`` says the same for ``openstack`` (a test compares); this table
spares our own shell the look through all installed distributions.
"""

from typing import Final

_NOUNS: Final = {
    "device": (
        "create",
        "list",
        "set",
        "unset",
        "delete",
        "reboot",
        "rebuild",
        "heal",
    ),
    "device template": (
        "create",
        "list",
        "show",
        "set",
        "unset",
        "delete",
    ),
    "service": ("create", "list", "show", "set", "unset", "delete"),
    "service type": ("list", "show"),
    "driver": ("list", "show"),
    "operation": ("list", "show", "cancel", "retry"),
    "event": ("list",),
    "conductor": ("list", "show"),
    "relay": ("list", "show", "set"),
    "relay group": ("create", "list", "show", "set", "unset", "delete"),
    "hold": ("list", "show", "set", "unset"),
    "breaker": ("list", "show", "release"),
    "api": ("list",),
    "summary": ("show",),
    "quota": ("list", "show", "set", "unset", "delete"),
    "usage": ("list", "show"),
}


def _target(noun: str, verb: str) -> str:
    module = noun.replace(" ", "_")
    return (
        f"servicevmclient.osc.v1.{module}:"
        f"{verb.title()}{noun.title().replace(' ', '')}"
    )


#: words of a command to module and class
COMMANDS: Final = {
    **{
        f"{noun} {verb}": _target(noun, verb)
        for noun, verbs in _NOUNS.items()
        for verb in verbs
    },
    "apply": "servicevmclient.osc.v1.manifest:Apply",
    "diff": "servicevmclient.osc.v1.manifest:Diff",
    "export": "servicevmclient.osc.v1.manifest:Export",
    "device show": "servicevmclient.osc.v1.device_show:ShowDevice",
    "device explain": "servicevmclient.osc.v1.device_explain:ExplainDevice",
    "device interface attach": (
        "servicevmclient.osc.v1.device:AttachDeviceInterface"
    ),
    "device interface detach": (
        "servicevmclient.osc.v1.device:DetachDeviceInterface"
    ),
    "device console log show": (
        "servicevmclient.osc.v1.device_console_log:ShowDeviceConsoleLog"
    ),
    "status": "servicevmclient.osc.v1.status:ShowStatus",
    "usage resource list": "servicevmclient.osc.v1.usage:ListUsageResource",
    "service stats show": "servicevmclient.osc.v1.service:ShowServiceStats",
}
