"""Manifests: templates, devices and services as they are to be.

::

    label: shop                      # optional; see `Manifest.tag`
    templates:
      - {name: lb, infra_driver: qemu, interfaces: [...], ...}
    devices:
      - {name: lb-1, template: lb}   # of this file, or one that is there
    services:
      - name: web
        device: lb-1
        service_type: loadbalancer
        config: {listeners: [...], pools: [...]}

Only what is said of a resource is compared and changed. It is found by its
name, which has to be unique in its project.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from servicevmclient.exceptions import InvalidInput
from servicevmclient.v1._resource import Resource
from servicevmclient.v1._validation import misfits
from servicevmclient.v1.device import Device
from servicevmclient.v1.device_template import DeviceTemplate
from servicevmclient.v1.service import Service

#: section to the kind of what is in it; each may need those before it
SECTIONS: Final[dict[str, type[Resource]]] = {
    "templates": DeviceTemplate,
    "devices": Device,
    "services": Service,
}
#: key of an entry that names another resource, and the key that is sent
REFERENCES: Final = {
    Device: ("template", "template_id", DeviceTemplate),
    Service: ("device", "device_id", Device),
}
#: of each section as many as a file may have
MAX_ENTRIES = 1000

_TEXT: Final = {"type": "string"}
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 255}
_OBJECT: Final = {"type": "object"}
_OBJECTS: Final = {"type": "array", "items": _OBJECT}
_NAMES: Final = {"type": "array", "items": _NAME}
_DESCRIBED: Final = {
    "name": _NAME,
    "description": _TEXT,
    "tags": _NAMES,
    "properties": {"type": "object", "additionalProperties": _TEXT},
}


def _section(required: Sequence[str], **fields: Any) -> dict[str, Any]:
    return {
        "type": "array",
        "maxItems": MAX_ENTRIES,
        "items": {
            "type": "object",
            "properties": {**_DESCRIBED, **fields},
            "required": ["name", *required],
            "additionalProperties": False,
        },
    }


#: JSON Schema (2020-12) of a manifest; the service checks what is inside
SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "label": {
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$",
        },
        "templates": _section(
            ["infra_driver", "interfaces"],
            infra_driver=_NAME,
            infra_options=_OBJECT,
            mgmt_driver=_NAME,
            mgmt_options=_OBJECT,
            interfaces=_OBJECTS,
            service_types=_NAMES,
            slots={"type": "integer", "minimum": 1},
            health=_OBJECT,
            healing=_OBJECT,
        ),
        "devices": _section(["template"], template=_NAME, interfaces=_OBJECTS),
        "services": _section(
            ["device", "service_type", "config"],
            device=_NAME,
            service_type=_NAME,
            config=_OBJECT,
        ),
    },
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Entry:
    """One resource of a manifest.

    :param kind: the class of the resource, e.g. `Device`
    :param path: where in the manifest it is: ``$.devices[0]``
    :param fields: what the manifest says of it, its name too
    """

    kind: type[Resource]
    path: str
    fields: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What it is found by."""
        return str(self.fields["name"])

    @property
    def reference(self) -> str | None:
        """Name or id of what it is made of, or is on."""
        found = REFERENCES.get(self.kind)
        return None if found is None else str(self.fields[found[0]])


@dataclass(frozen=True)
class Manifest:
    """What a file says.

    :param label: what all that it makes is marked with
    """

    label: str | None
    entries: Sequence[Entry]

    @property
    def tag(self) -> str | None:
        """The tag by which what was applied with the label is known."""
        return None if self.label is None else tag_of(self.label)

    def of(self, kind: type[Resource]) -> Iterator[Entry]:
        """Its entries of a kind, in their order."""
        return (one for one in self.entries if one.kind is kind)


def tag_of(label: str) -> str:
    """The tag that stands for a label."""
    return f"applied:{label}"


def parse(document: Any) -> Manifest:
    """Read a manifest.

    :param document: what YAML or JSON gave
    :raises InvalidInput: with the path of each field that is wrong
    """
    fields = misfits(document, SCHEMA)
    if fields:
        raise _refusal(fields)
    entries: list[Entry] = []
    for section, kind in SECTIONS.items():
        seen: dict[str, str] = {}
        for index, given in enumerate(document.get(section, ())):
            entry = Entry(kind, f"$.{section}[{index}]", given)
            first = seen.setdefault(entry.name, entry.path)
            if first != entry.path:
                fields[f"{entry.path}.name"] = (
                    f"{first} has this name already; entries are found by "
                    "their names"
                )
            entries.append(entry)
    if fields:
        raise _refusal(fields)
    return Manifest(document.get("label"), entries)


def _refusal(fields: Mapping[str, str]) -> InvalidInput:
    one = len(fields) == 1
    return InvalidInput(
        f"{len(fields)} field{'' if one else 's'} of the manifest "
        f"{'does' if one else 'do'} not fit.",
        title="The manifest is not valid.",
        hint="Correct the fields above; nothing was sent.",
        fields=fields,
    )
