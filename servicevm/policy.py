"""Who may do what: every route has a rule, documented here.

Personas, as elsewhere in OpenStack: a *reader* sees what belongs to the
project, a *member* changes it, an *admin* does both in every project and
owns the device templates. An operator overrides rules in ``policy.yaml``;
``oslopolicy-sample-generator --namespace servicevm`` prints them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg
from oslo_policy import opts, policy

from servicevm.context import RequestContext
from servicevm.errors import FORBIDDEN, PermanentError

ADMIN = "rule:admin"
MEMBER = "rule:project_member"
READER = "rule:project_reader"

_BASE = [
    policy.RuleDefault("admin", "role:admin", "An administrator."),
    policy.RuleDefault(
        "project_member",
        "rule:admin or (role:member and project_id:%(project_id)s)",
        "Someone who may change what belongs to the project.",
    ),
    policy.RuleDefault(
        "project_reader",
        "rule:project_member or (role:reader and project_id:%(project_id)s)",
        "Someone who may see what belongs to the project.",
    ),
]


def _rule(
    name: str, check: str, description: str, *operations: tuple[str, str]
) -> policy.DocumentedRuleDefault:
    return policy.DocumentedRuleDefault(
        f"servicevm:{name}",
        check,
        description,
        [{"method": method, "path": path} for method, path in operations],
    )


_TEMPLATES = "/v1/device-templates"
_TEMPLATE = "/v1/device-templates/{id}"
_DEVICES = "/v1/devices"
_DEVICE = "/v1/devices/{id}"
_SERVICES = "/v1/services"
_SERVICE = "/v1/services/{id}"
_RELAY = "/v1/relays/{id}"
_QUOTAS = "/v1/quotas"
_QUOTA = "/v1/quotas/{project_id}"
_OPERATIONS = "/v1/operations"
_OPERATION = "/v1/operations/{id}"

_RULES = [
    _rule(
        "all_projects",
        ADMIN,
        "See and change what belongs to other projects.",
        ("GET", f"{_DEVICES}?all_projects=true"),
    ),
    _rule(
        "device_template:list",
        READER,
        "List device templates, of every project.",
        ("GET", _TEMPLATES),
    ),
    _rule(
        "device_template:show",
        READER,
        "Show a device template, of any project.",
        ("GET", _TEMPLATE),
    ),
    _rule(
        "device_template:create",
        ADMIN,
        "Create a device template.",
        ("POST", _TEMPLATES),
    ),
    _rule(
        "device_template:update",
        ADMIN,
        "Change a device template.",
        ("PATCH", _TEMPLATE),
    ),
    _rule(
        "device_template:delete",
        ADMIN,
        "Delete a device template.",
        ("DELETE", _TEMPLATE),
    ),
    _rule("device:list", READER, "List devices.", ("GET", _DEVICES)),
    _rule("device:show", READER, "Show a device.", ("GET", _DEVICE)),
    _rule("device:create", MEMBER, "Create a device.", ("POST", _DEVICES)),
    _rule("device:update", MEMBER, "Change a device.", ("PATCH", _DEVICE)),
    _rule("device:delete", MEMBER, "Delete a device.", ("DELETE", _DEVICE)),
    _rule(
        "device:reboot",
        MEMBER,
        "Reboot a device.",
        ("POST", f"{_DEVICE}/reboot"),
    ),
    _rule(
        "device:console_log",
        MEMBER,
        "Read a device's console log.",
        ("GET", f"{_DEVICE}/console-log"),
    ),
    _rule("service:list", READER, "List services.", ("GET", _SERVICES)),
    _rule("service:show", READER, "Show a service.", ("GET", _SERVICE)),
    _rule("service:create", MEMBER, "Create a service.", ("POST", _SERVICES)),
    _rule("service:update", MEMBER, "Change a service.", ("PATCH", _SERVICE)),
    _rule("service:delete", MEMBER, "Delete a service.", ("DELETE", _SERVICE)),
    _rule(
        "service:stats",
        READER,
        "Read a service's statistics.",
        ("GET", f"{_SERVICE}/stats"),
    ),
    _rule(
        "service:action",
        MEMBER,
        "Do an action that the service's type declares.",
        ("POST", f"{_SERVICE}/actions/{{action}}"),
    ),
    _rule(
        "service_type:list",
        READER,
        "List service types.",
        ("GET", "/v1/service-types"),
    ),
    _rule(
        "service_type:show",
        READER,
        "Show a service type.",
        ("GET", "/v1/service-types/{name}"),
    ),
    _rule("operation:list", READER, "List operations.", ("GET", _OPERATIONS)),
    _rule("operation:show", READER, "Show an operation.", ("GET", _OPERATION)),
    _rule(
        "operation:cancel",
        MEMBER,
        "Cancel an operation.",
        ("POST", f"{_OPERATION}/cancel"),
    ),
    _rule(
        "operation:retry",
        MEMBER,
        "Begin an operation that failed once more.",
        ("POST", f"{_OPERATION}/retry"),
    ),
    _rule("event:list", READER, "List events.", ("GET", "/v1/events")),
    _rule(
        "conductor:list",
        ADMIN,
        "List conductors.",
        ("GET", "/v1/conductors"),
    ),
    _rule(
        "conductor:show",
        ADMIN,
        "Show a conductor.",
        ("GET", "/v1/conductors/{id}"),
    ),
    _rule("relay:list", ADMIN, "List relays.", ("GET", "/v1/relays")),
    _rule("relay:show", ADMIN, "Show a relay.", ("GET", _RELAY)),
    _rule(
        "relay:update",
        ADMIN,
        "Have a relay drained, or no longer.",
        ("PATCH", _RELAY),
    ),
    _rule("api:list", ADMIN, "List api processes.", ("GET", "/v1/apis")),
    _rule("api:show", ADMIN, "Show an api process.", ("GET", "/v1/apis/{id}")),
    _rule(
        "quota:list",
        ADMIN,
        "List the quotas of all projects.",
        ("GET", _QUOTAS),
    ),
    _rule(
        "quota:show",
        READER,
        "Show the limits of a project and what it has in use; those of "
        "another project need servicevm:all_projects.",
        ("GET", _QUOTA),
        ("GET", f"{_QUOTAS}/defaults"),
    ),
    _rule(
        "quota:update",
        ADMIN,
        "Give a project limits of its own.",
        ("PATCH", _QUOTA),
    ),
    _rule(
        "quota:delete",
        ADMIN,
        "Take a project's own limits away.",
        ("DELETE", _QUOTA),
    ),
    _rule(
        "metrics",
        ADMIN,
        "Read the metrics from elsewhere than this machine.",
        ("GET", "/metrics"),
    ),
]


def list_rules() -> Sequence[policy.RuleDefault]:
    """Every rule, for the enforcer and the sample generator."""
    return [*_BASE, *_RULES]


class Policy:
    """The rules in force: the defaults and the operator's file."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        opts.set_defaults(conf)
        self._enforcer = policy.Enforcer(conf)
        self._enforcer.register_defaults(list_rules())
        self._enforcer.load_rules()

    def allows(
        self,
        context: RequestContext,
        rule: str,
        target: Mapping[str, Any] | None = None,
    ) -> bool:
        """Whether the rule allows the caller.

        :param rule: without the leading ``servicevm:``
        :param target: what it is about; the caller's own project if None
        """
        return bool(
            self._enforcer.enforce(
                f"servicevm:{rule}",
                context.target() if target is None else dict(target),
                context,
            )
        )

    def enforce(
        self,
        context: RequestContext,
        rule: str,
        target: Mapping[str, Any] | None = None,
    ) -> None:
        """As `allows`.

        :raises PermanentError: FORBIDDEN, with the rule's name
        """
        if not self.allows(context, rule, target):
            raise PermanentError(
                FORBIDDEN, f"The policy rule servicevm:{rule} refuses this."
            )
