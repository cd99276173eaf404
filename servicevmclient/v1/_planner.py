"""Compares a manifest with what is there, and has the service check it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from servicevmclient.exceptions import (
    BadRequest,
    ClientError,
    Conflict,
    Forbidden,
    InvalidInput,
    MultipleMatches,
    NotFound,
)
from servicevmclient.v1._differences import Difference, differences
from servicevmclient.v1._resource import Resource
from servicevmclient.v1._validation import misfits
from servicevmclient.v1._verbs import Verbs
from servicevmclient.v1.device import Device
from servicevmclient.v1.manifest import REFERENCES, SECTIONS, Entry, Manifest
from servicevmclient.v1.plan import Plan, Step, Verb
from servicevmclient.v1.service import Service
from servicevmclient.v1.service_type import ServiceType

#: what is wrong with one entry, and does not keep others from being looked at
_OF_ONE = (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidInput,
    MultipleMatches,
    NotFound,
)
#: names that are asked for with one request
_NAMES_AT_ONCE = 50
#: what is said of a resource when it is made, and never again
_FIXED: Mapping[type[Resource], Sequence[str]] = {
    Device: ("interfaces",),
    Service: ("service_type",),
}


def make_plan(service: Verbs, manifest: Manifest, *, prune: bool) -> Plan:
    """What has to be done; a step that cannot be done says why.

    :param prune: also delete what carries the manifest's label and is not
        in it
    :raises InvalidInput: it is to be pruned, and has no label
    :raises ClientError: the service cannot be asked
    """
    if prune and manifest.tag is None:
        raise InvalidInput(
            "The manifest has no label, so nothing is known to be its own.",
            hint="Put a line such as 'label: shop' at its top, apply it "
            "once, and prune from then on.",
        )
    planner = _Planner(service, manifest)
    steps = [planner.step(entry) for entry in manifest.entries]
    if prune:
        steps += planner.leftovers()
    return Plan(steps)


class _Planner:
    def __init__(self, service: Verbs, manifest: Manifest) -> None:
        self._service = service
        self._manifest = manifest
        self._there = {
            kind: self._named(kind, [one.name for one in manifest.of(kind)])
            for kind in SECTIONS.values()
        }
        self._steps: dict[tuple[type[Resource], str], Step] = {}
        self._found: dict[tuple[type[Resource], str], str] = {}
        self._schemas: dict[str, Any] = {}

    def step(self, entry: Entry) -> Step:
        """What has to be done for an entry."""
        try:
            found = self._step(entry)
        except _OF_ONE as error:
            found = self._hopeless(entry, error)
        self._steps[entry.kind, entry.name] = found
        return found

    def leftovers(self) -> Iterator[Step]:
        """Deletion of what carries the label; services go first."""
        for kind in reversed(SECTIONS.values()):
            named = {one.name for one in self._manifest.of(kind)}
            for row in self._service.each(kind, tags=self._manifest.tag):
                data = row.to_dict_view()
                if data["name"] not in named and not _going(data):
                    yield Step(Verb.DELETE, kind, data["name"], ref=data["id"])

    def _step(self, entry: Entry) -> Step:
        there = self._there[entry.kind].get(entry.name, [])
        if len(there) > 1:
            ids = [one.ref for one in there]
            raise MultipleMatches(
                f"More than one {entry.kind.noun} has the name "
                f"{entry.name!r}: {', '.join(ids)}. A manifest finds them by "
                "their names.",
                ids,
                hint="Rename or delete all but one.",
            )
        return self._update(entry, there[0]) if there else self._create(entry)

    def _create(self, entry: Entry) -> Step:
        attributes = {**self._wanted(entry), "name": entry.name}
        for key in _FIXED.get(entry.kind, ()):
            if key in entry.fields:
                attributes[key] = entry.fields[key]
        follows = None
        if entry.kind in REFERENCES:
            _, key, _ = REFERENCES[entry.kind]
            parent = self._parent(entry)
            if isinstance(parent, Step):
                follows = (key, parent)
            else:
                attributes[key] = parent
        if follows is None:
            self._service.create(entry.kind, attributes, dry_run=True)
        elif entry.kind is Service:
            self._check_config(entry)
        return Step(
            Verb.CREATE,
            entry.kind,
            entry.name,
            attributes=attributes,
            follows=follows,
        )

    def _update(self, entry: Entry, there: Resource) -> Step:
        self._refuse_fixed(entry, there.to_dict_view())
        wanted = self._wanted(entry, there.to_dict_view())
        changes: list[Difference] = []
        if any(_differ(there, wanted)):
            # For its etag, and as it is by now.
            there = self._service.get(entry.kind, there.ref)
            wanted = self._wanted(entry, there.to_dict_view())
            tried = self._service.update(
                entry.kind,
                there.ref,
                wanted,
                if_match=there.etag,
                dry_run=True,
            )
            after = tried.to_dict_view()
            before = there.to_dict_view()
            changed = [*_differ(there, after, wanted)]
            wanted = {key: wanted[key] for key in changed}
            for key in changed:
                changes += differences(before.get(key), after[key], key)
        return Step(
            Verb.UPDATE if changes else Verb.KEEP,
            entry.kind,
            entry.name,
            changes,
            ref=there.ref,
            etag=there.etag,
            attributes=wanted if changes else {},
        )

    def _wanted(
        self, entry: Entry, there: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """What can be changed and is said, with the label's tag."""
        fixed = {"name", *_FIXED.get(entry.kind, ())}
        if entry.kind in REFERENCES:
            fixed.add(REFERENCES[entry.kind][0])
        wanted = {
            key: value
            for key, value in entry.fields.items()
            if key not in fixed
        }
        tag = self._manifest.tag
        if tag is not None or "tags" in wanted:
            own = wanted.get("tags", (there or {}).get("tags", ()))
            wanted["tags"] = sorted({*own, *([tag] if tag else ())})
        return wanted

    def _parent(self, entry: Entry) -> "Step | str":
        """Id of what it is made of or on; the step that is to make that."""
        _, _, kind = REFERENCES[entry.kind]
        ref = str(entry.reference)
        step = self._steps.get((kind, ref))
        if step is not None:
            if step.problem is not None:
                raise step.problem
            return step if step.ref is None else step.ref
        if (kind, ref) not in self._found:
            self._found[kind, ref] = self._service.find(kind, ref).ref
        return self._found[kind, ref]

    def _refuse_fixed(self, entry: Entry, there: Mapping[str, Any]) -> None:
        """Refuse to change what cannot be changed.

        :raises InvalidInput:
        """
        fields: dict[str, str] = {}
        if entry.kind in REFERENCES:
            word, key, _ = REFERENCES[entry.kind]
            if self._parent(entry) != there[key]:
                now = there.get(f"{word}_name") or there[key]
                fields[f"{entry.path}.{word}"] = f"It is {now}"
        for key in _FIXED.get(entry.kind, ()):
            if key in entry.fields:
                fields |= _fixed(entry, key, there[key])
        if fields:
            raise InvalidInput(
                f"{entry.kind.noun.capitalize()} {entry.name} cannot become "
                "what the manifest says.",
                title="It can be chosen only when it is made.",
                hint="Take it out of the manifest, or delete the "
                f"{entry.kind.noun} and apply again.",
                fields=fields,
            )

    def _check_config(self, entry: Entry) -> None:
        """Check a configuration that the service cannot see yet.

        :raises InvalidInput:
        """
        name = entry.fields["service_type"]
        if name not in self._schemas:
            found = self._service.get(ServiceType, name)
            self._schemas[name] = found.config_schema
        wrong = misfits(entry.fields["config"], self._schemas[name])
        if wrong:
            raise InvalidInput(
                f"The configuration of service {entry.name} does not fit "
                "the schema of its type.",
                hint="Correct the fields above; service type show has the "
                "schema.",
                fields={
                    f"{entry.path}.config{path.removeprefix('$')}": sentence
                    for path, sentence in wrong.items()
                },
            )

    def _hopeless(self, entry: Entry, error: ClientError) -> Step:
        there = self._there[entry.kind].get(entry.name, [])
        return Step(
            Verb.UPDATE if there else Verb.CREATE,
            entry.kind,
            entry.name,
            ref=there[0].ref if len(there) == 1 else None,
            problem=error,
        )

    def _named(
        self, kind: type[Resource], names: Sequence[str]
    ) -> dict[str, list[Resource]]:
        """What is there under some names, but for what is going."""
        found: dict[str, list[Resource]] = {}
        for start in range(0, len(names), _NAMES_AT_ONCE):
            some = names[start : start + _NAMES_AT_ONCE]
            for one in self._service.each(kind, name=[*some]):
                data = one.to_dict_view()
                if not _going(data):
                    found.setdefault(data["name"], []).append(one)
        return found


def _going(data: Mapping[str, Any]) -> bool:
    return data.get("provisioning_status") == "PENDING_DELETE"


def _differ(
    there: Resource,
    other: Mapping[str, Any],
    keys: Mapping[str, Any] | None = None,
) -> Iterator[str]:
    """Of `keys`, or those of the other, each whose values differ."""
    data = there.to_dict_view()
    for key in other if keys is None else keys:
        if any(differences(data.get(key), other[key])):
            yield key


def _fixed(entry: Entry, key: str, now: Any) -> dict[str, str]:
    """Path and sentence where something is other than is said."""
    said, path = entry.fields[key], f"{entry.path}.{key}"
    if key != "interfaces":
        return {} if said == now else {path: f"It is {now}"}
    wrong = {}
    for index, wish in enumerate(said):
        like = [one for one in now if wish.items() <= one.items()]
        if not like:
            wrong[f"{path}[{index}]"] = "It has no such interface"
    return wrong
