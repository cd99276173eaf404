"""Security groups and their rules.

The management port's group lets the agent reach its relays and nothing else,
and nobody reach the agent; all devices with the same relays share it. The
group of a device's other ports lets in what its services listen for, and out
to what they have to reach. Neither has Neutron's default rules.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from openstack import exceptions as sdk
from oslo_log import log

from servicevm.drivers.infra.base import Peer
from servicevm.drivers.infra.nova.cloud import Cloud
from servicevm.drivers.infra.nova.faults import answer_of, asking
from servicevm.drivers.infra.nova.marks import Marks, group_name
from servicevm.drivers.infra.nova.recent import Recent
from servicevm.drivers.infra.nova.rules import Rule, rules_of
from servicevm.drivers.infra.nova.tags import tag
from servicevm.errors import TEMPLATE_INVALID, PermanentError

__all__ = ["Groups"]

LOG = log.getLogger(__name__)

#: Seconds that a shared group is taken to be as it was made.
_SECONDS = 30.0


class Groups:
    """Makes and deletes security groups. Thread-safe.

    ``home`` is the cloud as the project that a group belongs to, whose
    members may do all of this.
    """

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._shared: Recent[str] = Recent(_SECONDS)
        self._named: Recent[str] = Recent(_SECONDS)

    def shared(self, home: Cloud, peers: Sequence[Peer]) -> str:
        """Id of the group of management ports with exactly these peers.

        Made where it is missing; of several that were made at once, the
        oldest is kept.
        """
        rules = rules_of((), peers)
        name = self._marks.shared_name(peers)
        return self._shared.get(
            (home.project_id, name),
            lambda: self._make_shared(home, name, rules),
        )

    def forget_shared(self, home: Cloud, peers: Sequence[Peer]) -> None:
        """It may be gone: another conductor deletes what is not used."""
        self._shared.forget((home.project_id, self._marks.shared_name(peers)))

    def named(self, home: Cloud, wanted: str) -> str:
        """Id of a group of the project that the template names.

        :raises PermanentError: TEMPLATE_INVALID
        """
        return self._named.get(
            (home.project_id, wanted),
            lambda: self._look_up(home, wanted),
        )

    def of_device(
        self, home: Cloud, device_id: str, rules: Iterable[Rule]
    ) -> str:
        """Id of the device's own group, with exactly these rules."""
        group = self._one(
            home,
            group_name(device_id),
            self._marks.description(device_id),
            self._marks.tags(device_id),
        )
        self._set_rules(home, group, set(rules))
        return str(group.id)

    def find_of_device(self, home: Cloud, device_id: str) -> list[str]:
        """Ids of the groups of the device that there are."""
        with asking("Neutron for the device's security group"):
            return [
                str(one.id)
                for one in home.connection.network.security_groups(
                    project_id=home.project_id,
                    description=self._marks.description(device_id),
                    fields=["id"],
                )
            ]

    def everywhere(self, home: Cloud) -> list[tuple[str, str]]:
        """Devices of this deployment that have groups, with the projects.

        An administrator sees those of all projects.
        """
        with asking("Neutron for security groups"):
            found = list(
                home.connection.network.security_groups(
                    tags=self._marks.deployment_tag,
                    fields=["id", "project_id", "tags"],
                )
            )
        return self._marks.devices_of(found)

    def delete(self, home: Cloud, group_id: str) -> None:
        """Delete a group that no port has any more."""
        with asking("Neutron to delete a security group"):
            home.connection.network.delete_security_group(
                group_id, ignore_missing=True
            )

    def delete_unused(self, home: Cloud) -> None:
        """Delete the shared groups that no port has."""
        network = home.connection.network
        with asking("Neutron for security groups"):
            found = list(
                network.security_groups(
                    project_id=home.project_id,
                    description=self._marks.shared_description,
                    fields=["id"],
                )
            )
        for one in found:
            self._delete_if_unused(home, str(one.id))

    def _make_shared(self, home: Cloud, name: str, rules: set[Rule]) -> str:
        group = self._one(
            home,
            name,
            self._marks.shared_description,
            self._marks.shared_tags(),
        )
        self._set_rules(home, group, rules)
        return str(group.id)

    def _one(
        self,
        home: Cloud,
        name: str,
        description: str,
        tags: Sequence[str],
    ) -> Any:
        """The group of this name and description, made if need be."""
        network = home.connection.network

        def find() -> list[Any]:
            with asking("Neutron for a security group"):
                found = network.security_groups(
                    project_id=home.project_id,
                    name=name,
                    description=description,
                )
                return sorted(
                    found, key=lambda one: (str(one.created_at), one.id)
                )

        found = find()
        if not found:
            with asking("Neutron to make a security group"):
                made = network.create_security_group(
                    project_id=home.project_id,
                    name=name,
                    description=description,
                )
            found = find() or [made]
            for other in found[1:]:
                if other.id == made.id:
                    # Somebody made one at the same time; theirs is older.
                    self._delete_if_unused(home, str(made.id))
        tag(network, found[0], tags)
        return found[0]

    def _set_rules(self, home: Cloud, group: Any, wanted: set[Rule]) -> None:
        network = home.connection.network
        present: dict[Rule, str] = {}
        for one in group.security_group_rules or ():
            rule = Rule.read(one)
            if rule is None or rule not in wanted or rule in present:
                with asking("Neutron to delete a security group's rule"):
                    network.delete_security_group_rule(
                        one["id"], ignore_missing=True
                    )
            else:
                present[rule] = one["id"]
        missing = sorted(wanted - present.keys(), key=repr)
        if missing:
            self._make_rules(home, str(group.id), missing)

    def _make_rules(
        self, home: Cloud, group_id: str, rules: Sequence[Rule]
    ) -> None:
        """Make rules; one that another conductor has just made is there."""
        network = home.connection.network
        with asking("Neutron to make a security group's rules"):
            try:
                list(
                    network.create_security_group_rules(
                        [rule.written(group_id) for rule in rules]
                    )
                )
            except sdk.ConflictException as error:
                if answer_of(error).kind != "SecurityGroupRuleExists":
                    raise
                if len(rules) > 1:
                    # All or none of them were made.
                    for rule in rules:
                        self._make_rules(home, group_id, [rule])

    def _delete_if_unused(self, home: Cloud, group_id: str) -> None:
        with asking("Neutron to delete a security group"):
            try:
                home.connection.network.delete_security_group(
                    group_id, ignore_missing=True
                )
            except sdk.ConflictException:
                LOG.debug("The security group %s is in use.", group_id)

    def _look_up(self, home: Cloud, wanted: str) -> str:
        network = home.connection.network
        with asking(f"Neutron for the security group {wanted}"):
            found = list(
                network.security_groups(project_id=home.project_id, id=wanted)
            ) or list(
                network.security_groups(
                    project_id=home.project_id, name=wanted
                )
            )
        if len(found) == 1:
            return str(found[0].id)
        many = "more than one" if found else "no"
        raise PermanentError(
            TEMPLATE_INVALID,
            f"There is {many} security group {wanted} in the project "
            f"{home.project_id}.",
        )
