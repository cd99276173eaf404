"""Commands: quota."""

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from servicevmclient.exceptions import ClientError, InvalidInput
from servicevmclient.exit_codes import ExitCode
from servicevmclient.osc import _cells, _project, _values, _verbs
from servicevmclient.osc._base import Base, Lister, total
from servicevmclient.osc._columns import Column, In
from servicevmclient.v1.quota import OWN, QUOTAS, Quota

_HELP: Mapping[str, str] = {
    "devices": "Devices",
    "services": "Services",
    "vcpus": "Virtual processors of all devices together",
    "ram": "MiB of memory of all devices together",
    "slots": "Slots of devices that services take",
}

_COLUMNS = (
    Column("project_id", In.LIST),
    *(Column(name, In.LIST, _cells.Quota) for name in QUOTAS),
)


class ListQuota(_verbs.List):
    """List the projects that have limits of their own or use something"""

    kind = Quota
    columns = _COLUMNS
    tagged = False
    paged = False
    example = "quota list"


class ShowQuota(Lister):
    """Show what a project has in use beside its limits"""

    example = "quota show"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The project, or the defaults."""
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--default",
            action="store_true",
            help="The limits of projects that have none of their own",
        )
        parser.add_argument(
            "project",
            metavar="PROJECT",
            nargs="?",
            help="Project (ID; under openstack also its name), "
            "default: your own",
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[Sequence[str], Any]:
        """Ask for the quota."""
        if parsed_args.default:
            if parsed_args.project is not None:
                raise InvalidInput("Give --default or PROJECT, not both.")
            defaults = self.client.get_quota_defaults()
            return ("Quota", "Limit"), [
                (name, _cells.Limit(limit)) for name, limit in defaults.items()
            ]
        project = OWN
        if parsed_args.project is not None:
            project = _project.id_of(self.app, parsed_args.project)
        quota = self.client.get_quota(project).to_dict_view()
        return ("Quota", "Limit", "In Use"), [
            (name, _cells.Limit(entry["limit"]), entry["in_use"])
            for name, entry in quota.items()
            if isinstance(entry, Mapping)
        ]


class _Change(Base):
    """What set and unset share."""

    #: what argparse makes of each option
    how: ClassVar[Mapping[str, Any]]
    verb: ClassVar[str]

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """An option for each quota, and the project."""
        parser = super().get_parser(prog_name)
        for name in QUOTAS:
            parser.add_argument(
                f"--{name}", help=f"{_HELP[name]}{self.verb}", **self.how
            )
        _add_project(parser)
        return parser

    def change(self, project: str, wanted: Mapping[str, int | None]) -> None:
        """Send what is wanted, and say so."""
        if not wanted:
            options = " ".join(f"--{name}" for name in QUOTAS)
            raise InvalidInput(
                "There is nothing to change.", hint=f"Give some of: {options}"
            )
        project = _project.id_of(self.app, project)
        self.client.update(Quota, project, wanted)
        said = ", ".join(
            f"{name} {'default' if limit is None else limit}"
            for name, limit in wanted.items()
        )
        self.say(f"quota of project {project}: {said}")


class SetQuota(_Change):
    """Give a project limits of its own"""

    how: ClassVar[Mapping[str, Any]] = {
        "metavar": "N",
        "type": _values.limit,
    }
    verb = ", at most; -1 is unlimited"
    example = (
        "quota set --devices 20 --ram -1 8f2d0c41b7e94a6d95b3f6a1c07e2d58"
    )

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for the change."""
        given = {name: getattr(parsed_args, name) for name in QUOTAS}
        self.change(
            parsed_args.project,
            {name: n for name, n in given.items() if n is not None},
        )


class UnsetQuota(_Change):
    """Let the default of a quota hold again for a project"""

    how: ClassVar[Mapping[str, Any]] = {"action": "store_true"}
    verb = ": take the project's own limit away"
    example = "quota unset --devices 8f2d0c41b7e94a6d95b3f6a1c07e2d58"

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        """Ask for the change."""
        self.change(
            parsed_args.project,
            {name: None for name in QUOTAS if getattr(parsed_args, name)},
        )


class DeleteQuota(Base):
    """Take all of a project's own limits away: the defaults hold again"""

    example = "quota delete 8f2d0c41b7e94a6d95b3f6a1c07e2d58"

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        """The projects."""
        parser = super().get_parser(prog_name)
        _add_project(parser, many=True)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Ask for all."""
        codes: list[ExitCode] = []
        for name in dict.fromkeys(parsed_args.project):
            try:
                project = _project.id_of(self.app, name)
                self.client.delete_quota(project)
            except ClientError as error:
                self.stderr.write(f"quota of project {name}: failed\n")
                self.tell(error)
                codes.append(error.exit_code)
                continue
            self.say(f"quota of project {project}: the defaults")
        return total(codes)


def _add_project(
    parser: argparse.ArgumentParser, *, many: bool = False
) -> None:
    parser.add_argument(
        "project",
        metavar="PROJECT",
        nargs="+" if many else None,
        help="Project (ID; under openstack also its name)",
    )
