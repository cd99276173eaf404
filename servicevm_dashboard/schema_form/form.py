"""The form: what a view and a template have to do with."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from servicevm_dashboard.schema_form import (
    build,
    check,
    initial,
    parse,
    paths,
)
from servicevm_dashboard.schema_form.nodes import Node
from servicevm_dashboard.schema_form.parse import Sent
from servicevm_dashboard.schema_form.paths import Path
from servicevm_dashboard.schema_form.schemas import Schema


def sent_name(prefix: str) -> str:
    """Name of the input that is sent with each form of this prefix."""
    return f"{prefix}/?sent"


class Problem(NamedTuple):
    """A line of the summary of what is wrong.

    :param where: what the field is called; may be empty
    :param id: of the field, to go there; empty if there is none
    """

    sentence: str
    where: str = ""
    id: str = ""


class SchemaForm:
    """A form for a document.

    :param schema: JSON Schema of the document, which is an object
    :param prefix: begins the names of the inputs, e.g. ``config``
    :param data: what a browser sent; None: nothing yet
    :param document: what is there already; None: what to begin with
    """

    def __init__(
        self,
        schema: Schema,
        prefix: str,
        *,
        data: Sent | None = None,
        document: Any = None,
    ) -> None:
        self.schema = schema
        self.prefix = prefix
        self.bound = data is not None
        if data is not None:
            #: the document that it was filled with
            self.document = parse.parse(schema, prefix, data)
        elif document is None:
            self.document = initial.document(schema)
        else:
            self.document = document
        self._errors: dict[Path, list[str]] = {}

    @property
    def sent(self) -> str:
        """Name of an input that tells an empty form from none."""
        return sent_name(self.prefix)

    def is_valid(self) -> bool:
        """Whether the document fits; `root` says where it does not."""
        self._errors = check.check(self.schema, self.document)
        self._drop()
        return not self._errors

    def mark(self, sentences: Mapping[Path, str]) -> None:
        """Show what else is known to be wrong, next to the fields."""
        for path, sentence in sentences.items():
            self._errors.setdefault(path, []).append(sentence)
        self._drop()

    def refuse(
        self, fields: Mapping[str, str], at: Path, *, shared: bool = False
    ) -> Sequence[tuple[str, str]]:
        """Show what the service said about fields next to them.

        :param fields: the service's paths to sentences
        :param at: where the document is in what was sent to the service
        :param shared: other forms have other fields of the same place
        :returns: those about something else
        """
        others = []
        known = {node.path for node in self.root}
        for text, sentence in fields.items():
            path = paths.below(paths.parse(text), at)
            if path is None:
                others.append((text, sentence))
                continue
            while path not in known and path:
                path = path[:-1]
            if shared and not path:
                others.append((text, sentence))
                continue
            self._errors.setdefault(path, []).append(sentence)
        self._drop()
        return others

    @functools.cached_property
    def root(self) -> Node:
        """The tree to draw."""
        builder = build.Builder(
            self.schema, self.prefix, self.document, self._errors
        )
        return builder.build()

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong, in the order of the fields."""
        found = []
        for node in self.root:
            found += [
                Problem(one, node.trail, node.id if node.path else "")
                for one in node.errors
            ]
        shown = {node.path for node in self.root}
        for path, sentences in self._errors.items():
            if path not in shown:
                found += [Problem(one) for one in sentences]
        return found

    @property
    def settings(self) -> Sequence[tuple[str, str]]:
        """What was filled in, to be read: label and value of each field."""
        found = []
        for node in self.root:
            value = node.value
            if node.kind == "boolean":
                value = _("Yes") if node.on else ""
            elif node.kind == "choice":
                value = dict(node.choices).get(value, value)
            if node.scalar and value:
                found.append((node.trail, value))
        return found

    def _drop(self) -> None:
        self.__dict__.pop("root", None)
