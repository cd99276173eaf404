"""A schema and a document, as the tree that a form is drawn from. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard.schema_form import initial, paths, schemas
from servicevm_dashboard.schema_form.attributes import attributes
from servicevm_dashboard.schema_form.nodes import Node
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.schema_form.schemas import Schema
from servicevm_dashboard.schema_form.values import ABSENT, Unread


@dataclass(frozen=True)
class Place:
    """Where a field is, while the tree is made."""

    path: Path = ()
    key: str = ""
    trail: str = ""
    required: bool = True
    #: how many lists and objects it is in
    depth: int = 0
    #: how many lists it is in
    lists: int = 0
    #: its own title is not its label: an item is called by its number
    label: str = ""
    #: begins names of new items
    noun: str = ""

    def at(self, step: str | int, **more: Any) -> "Place":
        fresh = {"label": "", "noun": "", "depth": self.depth + 1}
        return replace(self, path=(*self.path, step), **fresh | more)


class Builder:
    """Makes the nodes.

    :param prefix: begins the name of each input
    :param document: the whole, for references
    :param errors: path of a field to sentences
    """

    def __init__(
        self,
        schema: Schema,
        prefix: str,
        document: Any,
        errors: Mapping[Path, Sequence[str]],
    ) -> None:
        self._root = schema
        self._prefix = prefix
        self._document = document
        self._errors = errors

    def build(self) -> Node:
        """The tree of the whole document."""
        return self._node(self._root, self._document, Place())

    def _node(self, schema: Any, value: Any, place: Place) -> Node:
        schema = schemas.resolve(schema, self._root)
        kind = schemas.kind(schema, place.depth)
        if value is not ABSENT and not schemas.fits(kind, value):
            kind = "json"
        label = place.label or schemas.label(schema, place.key)
        trail = (
            _("%(outer)s, %(inner)s") % {"outer": place.trail, "inner": label}
            if place.trail and place.path
            else label
        )
        node = Node(
            kind,
            place.path,
            paths.name(self._prefix, place.path),
            label,
            trail=trail if place.path else "",
            help=schemas.translated(schema.get("description")),
            required=place.required,
            errors=self._errors.get(place.path, ()),
        )
        above, place = place.trail, replace(place, trail=node.trail)
        if kind == "object":
            self._object(node, schema, value, place)
        elif kind == "array":
            # "Listener 1, Port" says what "Listeners, Listener 1, Port" does.
            outer = replace(place, trail=above)
            self._array(node, schema, value, outer)
        elif kind == "boolean":
            _boolean(node, schema, value)
        else:
            self._scalar(node, schema, value, place)
        return node

    def _object(
        self, node: Node, schema: Schema, value: Any, place: Place
    ) -> None:
        node.optional = not place.required
        node.on = place.required or value is not ABSENT
        if value is ABSENT:
            # What is there as soon as it is switched on.
            value = initial.value(schema, self._root)
        wanted = schema.get("required", ())
        groups: dict[str, list[Node]] = {"main": [], "late": [], "more": []}
        for key, inner in schema["properties"].items():
            child = self._node(
                inner,
                value.get(key, ABSENT),
                place.at(key, key=key, required=key in wanted),
            )
            if place.noun and child.kind == "string":
                child.stem = initial.suggestion(inner, key, place.noun)
            groups[_group(child, inner, place)].append(child)
        extra = {
            key: value[key] for key in value if key not in schema["properties"]
        }
        if extra:
            groups["more"].append(self._extra(extra, place))
        if not groups["main"] and not groups["late"]:
            # Nothing else is there that it could hide behind.
            groups["main"], groups["more"] = groups["more"], []
        node.main = [*groups["main"], *groups["late"]]
        node.more = groups["more"]

    def _extra(self, extra: Mapping[str, Any], place: Place) -> Node:
        """What the schema does not name, which must not get lost."""
        path = (*place.path, "*")
        return Node(
            "json",
            path,
            f"{paths.name(self._prefix, place.path)}/*",
            _("Other settings"),
            trail=_("Other settings"),
            help=_("As JSON."),
            errors=self._errors.get(path, ()),
            value=json.dumps(extra, indent=2, ensure_ascii=False),
            multiline=True,
        )

    def _array(
        self, node: Node, schema: Schema, value: Any, place: Place
    ) -> None:
        items = schemas.resolve(schema["items"], self._root)
        node.noun = schemas.singular(items, place.key)
        node.least = int(schema.get("minItems", 0))
        node.most = schema.get("maxItems")
        node.explicit = place.required or value == []
        present = [] if value is ABSENT else value
        node.items = [
            self._item(node, items, one, place, index + 1, index)
            for index, one in enumerate(present)
        ]
        node.mark = f"__{place.lists}__"
        blank = initial.item(schema, items, self._root, place.key, "")
        node.blank = self._item(node, items, blank, place, 0, node.mark)

    def _item(
        self,
        node: Node,
        items: Schema,
        value: Any,
        place: Place,
        number: int,
        index: int | str,
    ) -> Node:
        label = _("%(noun)s %(number)s") % {
            "noun": node.noun,
            "number": number or "",
        }
        made = self._node(
            items,
            value,
            place.at(
                index,
                label=label.strip(),
                noun="" if number else schemas.item(items, place.key),
                required=True,
                lists=place.lists + 1,
            ),
        )
        made.number, made.index = number, str(index)
        return made

    def _scalar(
        self, node: Node, schema: Schema, value: Any, place: Place
    ) -> None:
        if node.kind == "json":
            node.name += "?json"
            node.multiline = True
            node.help = node.help or _("As JSON.")
            if value is not ABSENT and not isinstance(value, str):
                node.value = json.dumps(value, indent=2, ensure_ascii=False)
            elif value is not ABSENT:
                unread = isinstance(value, Unread)
                node.value = str(value) if unread else json.dumps(value)
            return
        node.value = "" if value is ABSENT else schemas.text(value)
        if node.kind == "choice":
            node.choices = schemas.options(schema)
            known = dict(node.choices)
            if place.required:
                node.empty = "" if node.value else _("Choose one")
            elif "default" in schema:
                default = schemas.text(schema["default"])
                node.empty = _("Default: %(value)s") % {
                    "value": known.get(default, default)
                }
            else:
                node.empty = _("None")
            if node.value and node.value not in known:
                node.choices = [*node.choices, (node.value, node.value)]
            return
        if "x-reference" in schema:
            found = paths.values(self._document, schema["x-reference"])
            node.choices = [(str(one), str(one)) for one in found if one]
        node.multiline = bool(
            node.kind == "string"
            and (schema.get("x-multiline") or "\n" in node.value)
        )
        node.attrs = attributes(node, schema, self._prefix)


def _boolean(node: Node, schema: Schema, value: Any) -> None:
    default = schema.get("default") is True
    node.on = default if value is ABSENT else value is True
    # A document that says nothing is to say nothing afterwards.
    if value is ABSENT and default:
        node.checked = "absent"
    if node.required or value is False or default:
        node.unchecked = "false"


def _group(node: Node, schema: Any, place: Place) -> str:
    if node.kind in ("object", "array"):
        return "late"
    basic = node.required or not place.path
    if isinstance(schema, Mapping):
        basic = schema.get("x-basic", basic)
    return "main" if basic else "more"
