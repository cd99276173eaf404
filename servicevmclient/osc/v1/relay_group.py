"""Commands: relay group."""

import argparse
from typing import Any

from servicevmclient.osc import _columns, _options, _project, _verbs
from servicevmclient.osc._filters import NAME
from servicevmclient.osc._options import Scalar
from servicevmclient.v1._resource import Resource
from servicevmclient.v1.relay_group import RelayGroup

OPTIONS = (
    Scalar(
        "--project",
        "project_id",
        "The only project that it is to serve (ID; under openstack also its "
        "name)",
        "PROJECT",
    ),
    _options.DESCRIPTION,
)


class CreateRelayGroup(_verbs.Create):
    """Create a relay group: say whom the relays of that group serve"""

    kind = RelayGroup
    columns = _columns.RELAY_GROUP
    options = OPTIONS
    waits = False
    example = (
        "relay group create --project 8f2d0c41b7e94a6d95b3f6a1c07e2d58 blue"
    )

    def attributes(self, parsed_args: argparse.Namespace) -> dict[str, Any]:
        """With the id of the project that is named."""
        return _with_project(self.app, super().attributes(parsed_args))


class ListRelayGroup(_verbs.List):
    """List the relay groups that were created"""

    kind = RelayGroup
    columns = _columns.RELAY_GROUP
    filters = (NAME,)
    tagged = False
    owned = False
    example = "relay group list"


class ShowRelayGroup(_verbs.Show):
    """Show a relay group"""

    kind = RelayGroup
    columns = _columns.RELAY_GROUP
    example = "relay group show blue"


class SetRelayGroup(_verbs.Set):
    """Describe a relay group, or bind it to a project"""

    kind = RelayGroup
    options = OPTIONS
    example = "relay group set --description 'Hall 3' blue"

    def changes(
        self, parsed_args: argparse.Namespace, current: Resource
    ) -> dict[str, Any]:
        """With the id of the project that is named."""
        found = super().changes(parsed_args, current)
        return _with_project(self.app, found)


class UnsetRelayGroup(_verbs.Unset):
    """Let a relay group serve devices of any project"""

    kind = RelayGroup
    example = "relay group unset --project blue"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """What to take away, and the name."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--project",
            action="store_true",
            help="The project that it serves",
        )
        return parser

    def changes(
        self, parsed_args: argparse.Namespace, current: Resource
    ) -> dict[str, Any]:
        """No project, if that is what is to go."""
        return {"project_id": None} if parsed_args.project else {}


class DeleteRelayGroup(_verbs.Delete):
    """Delete relay groups: their relays serve devices of any project"""

    kind = RelayGroup
    waits = False
    example = "relay group delete blue"


def _with_project(app: Any, found: dict[str, Any]) -> dict[str, Any]:
    if "project_id" in found:
        project = _project.id_of(app, found["project_id"])
        return {**found, "project_id": project}
    return found
