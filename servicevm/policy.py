"""Who may do what: every route has a rule, documented here.

The personas are OpenStack's, as Keystone makes their roles:

reader
    sees what belongs to the project.
member
    changes it as well, and cancels and retries what was asked for in the
    own name, or by the system.
manager
    cancels and retries what others of the project asked for, as well.
admin
    does all of it in every project, owns the device templates, sees the
    processes, binds relay groups, sets holds and quotas.
service
    another service of the cloud, such as Neutron. It sees every project,
    makes devices and services for any, and owns those: see below.

A service with ``managed_by`` is owned by whom made it with the role
service. Its project sees it; only the owner and an admin change it, the
device that it is on, and their operations.

Roles of the wider personas need not imply those of the narrower ones. All
tokens are those of a project: ``scope_types`` says so to oslo.policy, which
enforces it. An operator overrides rules in ``policy.yaml``;
``servicevm-policy-generator`` prints them, `servicevm.enforcer` reads them.
"""

from collections.abc import Sequence

from oslo_policy import policy

ADMIN = "rule:admin"
MEMBER = "rule:project_member"
READER = "rule:project_reader"

#: Members change what no other service owns; owners what they own.
CHANGE = "(rule:project_member and rule:not_owned) or rule:owner"
_OPERATE = (
    "rule:admin or rule:owner or (rule:not_owned and (rule:project_manager "
    "or (rule:project_member and rule:own_or_systems)))"
)

_BASE = [
    policy.RuleDefault("admin", "role:admin", "An administrator."),
    policy.RuleDefault(
        "service", "role:service", "Another service of the cloud."
    ),
    policy.RuleDefault(
        "project_manager",
        "rule:admin or (role:manager and project_id:%(project_id)s)",
        "Someone who answers for the project.",
    ),
    policy.RuleDefault(
        "project_member",
        "rule:project_manager or (role:member and project_id:%(project_id)s)",
        "Someone who may change what belongs to the project.",
    ),
    policy.RuleDefault(
        "project_reader",
        "rule:project_member or rule:service or "
        "(role:reader and project_id:%(project_id)s)",
        "Someone who may see what belongs to the project.",
    ),
    policy.RuleDefault(
        "owner",
        "rule:admin or (role:service and user_id:%(owner_id)s) or "
        "(service_roles:service and service_user_id:%(owner_id)s)",
        "The service of the cloud that made it, by its own token or by its "
        "service token beside a user's.",
    ),
    policy.RuleDefault(
        "not_owned",
        "False:%(owned)s",
        "What is asked about does not belong to a service of the cloud.",
    ),
    policy.RuleDefault(
        "own_or_systems",
        "user_id:%(user_id)s or 'system':%(initiator)s",
        "The operation was asked for by the caller, or by the system.",
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
        scope_types=["project"],
    )


_TEMPLATES = "/v1/device-templates"
_TEMPLATE = "/v1/device-templates/{id}"
_DEVICES = "/v1/devices"
_DEVICE = "/v1/devices/{id}"
_SERVICES = "/v1/services"
_SERVICE = "/v1/services/{id}"
_RELAY = "/v1/relays/{id}"
_GROUPS = "/v1/relay-groups"
_GROUP = "/v1/relay-groups/{name}"
_HOLDS = "/v1/holds"
_HOLD = "/v1/holds/{id}"
_BREAKER = "/v1/breakers/{name}"
_QUOTAS = "/v1/quotas"
_QUOTA = "/v1/quotas/{project_id}"
_USAGE = "/v1/usage"
_OPERATIONS = "/v1/operations"
_OPERATION = "/v1/operations/{id}"

_RULES = [
    _rule(
        "all_projects",
        "rule:admin or rule:service",
        "Know of what belongs to other projects, if the request's own rule "
        "allows it.",
        ("GET", f"{_DEVICES}?all_projects=true"),
        ("GET", f"{_SERVICES}?all_projects=true"),
        ("GET", f"{_OPERATIONS}?all_projects=true"),
        ("GET", "/v1/events?all_projects=true"),
        ("GET", "/v1/summary?all_projects=true"),
        ("GET", f"{_USAGE}?all_projects=true"),
    ),
    _rule(
        "create_for_project",
        "rule:admin or rule:service",
        "Make something that belongs to another project, as project_id says.",
        ("POST", _DEVICES),
        ("POST", _SERVICES),
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
    _rule(
        "device:create",
        "rule:project_member or rule:service",
        "Create a device.",
        ("POST", _DEVICES),
    ),
    _rule(
        "device:update",
        "rule:project_member or rule:owner",
        "Change a device's name, description, tags or properties.",
        ("PATCH", _DEVICE),
    ),
    _rule(
        "device:delete",
        CHANGE,
        "Delete a device with its services.",
        ("DELETE", _DEVICE),
    ),
    _rule(
        "device:reboot",
        CHANGE,
        "Reboot a device.",
        ("POST", f"{_DEVICE}/reboot"),
    ),
    _rule(
        "device:rebuild",
        CHANGE,
        "Make a device's machine anew.",
        ("POST", f"{_DEVICE}/rebuild"),
    ),
    _rule(
        "device:heal",
        CHANGE,
        "Heal a device that is lost now.",
        ("POST", f"{_DEVICE}/heal"),
    ),
    _rule(
        "device:attach_interface",
        CHANGE,
        "Plug one more interface into a device.",
        ("POST", f"{_DEVICE}/interfaces"),
    ),
    _rule(
        "device:detach_interface",
        CHANGE,
        "Unplug an interface from a device.",
        ("DELETE", f"{_DEVICE}/interfaces/{{index}}"),
    ),
    _rule(
        "device:console_log",
        "rule:project_member or rule:owner",
        "Read a device's console log.",
        ("GET", f"{_DEVICE}/console-log"),
    ),
    _rule("service:list", READER, "List services.", ("GET", _SERVICES)),
    _rule("service:show", READER, "Show a service.", ("GET", _SERVICE)),
    _rule(
        "service:create",
        "rule:project_member or rule:service",
        "Create a service.",
        ("POST", _SERVICES),
    ),
    _rule(
        "service:create_owned",
        "rule:admin or rule:service or service_roles:service",
        "Create a service that has managed_by.",
        ("POST", _SERVICES),
    ),
    _rule("service:update", CHANGE, "Change a service.", ("PATCH", _SERVICE)),
    _rule("service:delete", CHANGE, "Delete a service.", ("DELETE", _SERVICE)),
    _rule(
        "service:stats",
        READER,
        "Read a service's statistics.",
        ("GET", f"{_SERVICE}/stats"),
    ),
    _rule(
        "service:action",
        CHANGE,
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
    _rule(
        "driver:list",
        ADMIN,
        "List the drivers that device templates can name.",
        ("GET", "/v1/drivers"),
    ),
    _rule("operation:list", READER, "List operations.", ("GET", _OPERATIONS)),
    _rule("operation:show", READER, "Show an operation.", ("GET", _OPERATION)),
    _rule(
        "operation:cancel",
        _OPERATE,
        "Cancel an operation.",
        ("POST", f"{_OPERATION}/cancel"),
    ),
    _rule(
        "operation:retry",
        _OPERATE,
        "Begin an operation that failed once more.",
        ("POST", f"{_OPERATION}/retry"),
    ),
    _rule("event:list", READER, "List events.", ("GET", "/v1/events")),
    _rule(
        "summary:show",
        READER,
        "Show how many devices, services and operations there are.",
        ("GET", "/v1/summary"),
    ),
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
    _rule(
        "relay_group:list",
        ADMIN,
        "List relay groups.",
        ("GET", _GROUPS),
    ),
    _rule(
        "relay_group:show",
        ADMIN,
        "Show a relay group.",
        ("GET", _GROUP),
    ),
    _rule(
        "relay_group:create",
        ADMIN,
        "Create a relay group, bound to a project or not.",
        ("POST", _GROUPS),
    ),
    _rule(
        "relay_group:update",
        ADMIN,
        "Describe a relay group, or bind it to a project.",
        ("PATCH", _GROUP),
    ),
    _rule(
        "relay_group:delete",
        ADMIN,
        "Delete a relay group, which unbinds it.",
        ("DELETE", _GROUP),
    ),
    _rule("hold:list", ADMIN, "List operators' holds.", ("GET", _HOLDS)),
    _rule("hold:show", ADMIN, "Show an operator's hold.", ("GET", _HOLD)),
    _rule(
        "hold:set",
        ADMIN,
        "Hold a device, all devices of a template or project, or "
        "everything: nothing automatic touches it then.",
        ("POST", _HOLDS),
    ),
    _rule("hold:unset", ADMIN, "Take a hold away.", ("DELETE", _HOLD)),
    _rule(
        "breaker:list",
        ADMIN,
        "List where healing stopped.",
        ("GET", "/v1/breakers"),
    ),
    _rule(
        "breaker:show",
        ADMIN,
        "Show where healing stopped.",
        ("GET", _BREAKER),
    ),
    _rule(
        "breaker:update",
        ADMIN,
        "Let healing go on where it stopped, or stop it again.",
        ("PATCH", _BREAKER),
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
        "usage:list",
        READER,
        "List what projects, their devices and their services have used; "
        "those of another project need servicevm:all_projects.",
        ("GET", _USAGE),
        ("GET", f"{_USAGE}/resources"),
    ),
    _rule(
        "usage:show",
        READER,
        "Show what a project has used; another project needs "
        "servicevm:all_projects.",
        ("GET", f"{_USAGE}/{{project_id}}"),
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
