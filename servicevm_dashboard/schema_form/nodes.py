"""The tree that a form is drawn from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from servicevm_dashboard.schema_form.paths import Path, html_id


@dataclass
class Node:
    """One field, with those below it.

    :param kind: ``object``, ``array``, ``choice``, ``boolean``, ``json``,
        ``string``, ``integer`` or ``number``
    :param name: of its input; of an item of a list, of its index
    :param trail: its label with those above it, e.g. "Listener 1, Port"
    """

    kind: str
    path: Path
    name: str
    label: str
    trail: str = ""
    help: str = ""
    required: bool = False
    errors: Sequence[str] = ()
    #: as an input shows it
    value: str = ""
    #: constraints of the input
    attrs: Mapping[str, Any] = field(default_factory=dict)
    #: text and word of each value; of a reference, what it may refer to
    choices: Sequence[tuple[str, str]] = ()
    #: of an enumeration: what none of them is called; empty: there is one
    empty: str = ""
    #: of a text: of several lines
    multiline: bool = False

    #: of an object: what is asked for, and what is behind "More settings"
    main: Sequence["Node"] = ()
    more: Sequence["Node"] = ()
    #: of an object that need not be there: has a checkbox
    optional: bool = False
    #: of an object: it is there; of a boolean: it is true
    on: bool = True
    #: of a boolean: what is sent if it is checked, and if it is not
    checked: str = "true"
    unchecked: str = ""

    #: of a list
    items: Sequence["Node"] = ()
    #: of a list: a new item, for the script; its index is ``mark``
    blank: "Node | None" = None
    mark: str = ""
    #: of a list: what one item is called
    noun: str = ""
    least: int = 0
    most: int | None = None
    #: of a list: it was there though it was empty
    explicit: bool = False
    #: of an item: which it is, from 1, and its index
    number: int = 0
    index: str = ""
    #: of a name in a new item: what a number is added to
    stem: str = ""

    @property
    def id(self) -> str:
        return html_id(self.name)

    @property
    def scalar(self) -> bool:
        return self.kind not in ("object", "array")

    @property
    def json(self) -> bool:
        return self.kind == "json"

    @property
    def described_by(self) -> str:
        """Ids of its help and its errors."""
        found = []
        if self.help:
            found.append(f"{self.id}-help")
        if self.errors:
            found.append(f"{self.id}-errors")
        return " ".join(found)

    @property
    def next_index(self) -> int:
        """Of a list: the index of the next item."""
        return len(self.items)

    @property
    def more_open(self) -> bool:
        """Whether something behind "More settings" needs to be seen."""
        return any(
            node.errors or (node.on if node.kind == "boolean" else node.value)
            for node in self.more
        )

    def __iter__(self) -> Iterator["Node"]:
        """All that are shown: itself, and those below it."""
        yield self
        if self.on:
            for node in (*self.main, *self.more, *self.items):
                yield from node
