"""What the three personas may do, by the rules that ship."""

import pytest
from oslo_config import cfg

from servicevm import policy
from servicevm.context import RequestContext

_READS = ("list", "show", "stats")


def _context(*roles: str) -> RequestContext:
    return RequestContext(
        user_id="u", project_id="mine", roles=roles, overwrite=False
    )


_NOT_A_MEMBERS = (
    "servicevm:all_projects",
    "servicevm:metrics",
    "servicevm:conductor:list",
    "servicevm:conductor:show",
    "servicevm:relay:list",
    "servicevm:relay:show",
    "servicevm:relay:update",
    "servicevm:api:list",
    "servicevm:api:show",
    "servicevm:quota:list",
    "servicevm:quota:update",
    "servicevm:quota:delete",
    "servicevm:device_template:create",
    "servicevm:device_template:update",
    "servicevm:device_template:delete",
)


@pytest.mark.parametrize(
    "rule",
    [
        rule.name
        for rule in policy.list_rules()
        if rule.name.startswith("servicevm:")
    ],
)
def test_each_persona(conf: cfg.ConfigOpts, rule: str) -> None:
    rules = policy.Policy(conf)
    name = rule.removeprefix("servicevm:")
    mine, other = {"project_id": "mine"}, {"project_id": "other"}
    reads = name.endswith(_READS) and rule not in _NOT_A_MEMBERS
    changes = rule not in _NOT_A_MEMBERS
    reader = _context("reader")
    member = _context("member", "reader")
    assert rules.allows(reader, name, mine) is reads
    assert rules.allows(member, name, mine) is changes
    assert rules.allows(_context("admin"), name, other)
    assert not rules.allows(reader, name, other)
    assert not rules.allows(member, name, other)
    assert not rules.allows(_context(), name, mine)
