"""Pages of the manual that are rendered from what the code declares.

Each directive makes reStructuredText from data and hands it to Sphinx:

========================  ===================================================
``servicevm-reasons``     servicevm.errors.REASONS
``servicevm-states``      an enumeration of servicevm.states
``servicevm-plans``       servicevm.plans.PLANS
``servicevm-policy``      servicevm.policy.list_rules
``servicevm-exit-codes``  servicevmclient.exit_codes, with their comments
``servicevm-schema``      a JSON Schema: ``package.module:ATTRIBUTE.field``
``servicevm-api``         the OpenAPI document of the running application
``servicevm-commands``    the commands of the OpenStack client's plugin
========================  ===================================================
"""

import importlib
import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from types import SimpleNamespace
from typing import Any

from cliff.sphinxext import AutoprogramCliffDirective
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.nodes import nested_parse_with_titles


def load(path: str) -> Any:
    """The object that ``package.module:attribute.attribute`` names."""
    module, _, attributes = path.partition(":")
    found = importlib.import_module(module)
    for name in filter(None, attributes.split(".")):
        found = getattr(found, name)
    return found


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A list-table; cells are one line of reStructuredText each."""
    lines = [".. list-table::", "   :header-rows: 1", "   :widths: auto", ""]
    for row in [heads, *rows]:
        for number, cell in enumerate(row):
            mark = "*" if number == 0 else " "
            lines.append(f"   {mark} - {cell}".rstrip())
    return [*lines, ""]


def comments(enumeration: type[Enum]) -> dict[str, str]:
    """The ``#:`` comment above each member of an enumeration."""
    found: dict[str, str] = {}
    words: list[str] = []
    for line in inspect.getsource(enumeration).splitlines():
        line = line.strip()
        if line.startswith("#:"):
            words.append(line.removeprefix("#:").strip())
        elif "=" in line and line.split(" ")[0] in enumeration.__members__:
            found[line.split(" ")[0]] = " ".join(words)
            words = []
    return found


def name_of(schema: Mapping[str, Any]) -> str | None:
    """Name of the component that a schema refers to."""
    found = schema.get("$ref")
    return found.rpartition("/")[2] if found else None


def type_of(schema: Mapping[str, Any]) -> str:
    """A short name of what a schema accepts."""
    if name_of(schema):
        return f"`{name_of(schema)}`_"
    if "enum" in schema:
        return " or ".join(f"``{value}``" for value in schema["enum"])
    if "const" in schema:
        return f"``{schema['const']}``"
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(type_of(one) for one in schema[word])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{kind}, {low} to {high}"
    if low is not None:
        return f"{kind}, at least {low}"
    if schema.get("format"):
        return f"{kind} ({schema['format']})"
    return str(kind)


def fields(
    schema: Mapping[str, Any], path: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    """Path, type, whether it must be there, and words, of every field.

    What is a component of its own is named, not repeated.
    """
    if name_of(schema):
        return
    if "items" in schema:
        yield from fields(schema["items"], f"{path}[]")
    for word in ("oneOf", "anyOf"):
        for one in schema.get(word, []):
            yield from fields(one, path)
    required = schema.get("required", [])
    for name, below in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        words = [below.get("description", "")]
        if "default" in below:
            words.append(f"Default: ``{below['default']!r}``.")
        yield (
            f"``{here}``",
            type_of(below),
            "yes" if name in required else "",
            " ".join(" ".join(filter(None, words)).split()),
        )
        yield from fields(below, here)


def schema_lines(
    schema: Mapping[str, Any], *, answer: bool = False
) -> list[str]:
    """A table of a schema's fields, each path once.

    :param answer: leave out whether a field must be there; it is
    """
    rows: dict[str, tuple[str, str, str, str]] = {}
    for row in fields(schema):
        rows.setdefault(row[0], row)
    if not rows:
        return []
    if answer:
        return table(
            ["Field", "Type", ""], ((a, b, d) for a, b, _, d in rows.values())
        )
    return table(["Field", "Type", "Required", ""], rows.values())


class Rendered(Directive):
    """A directive that is reStructuredText made by `lines`."""

    has_content = False

    def lines(self) -> list[str]:
        raise RuntimeError("a directive says what it renders")

    def run(self) -> list[nodes.Node]:
        where = nodes.section()
        where.document = self.state.document
        source = StringList(self.lines(), source=f"<{self.name}>")
        nested_parse_with_titles(self.state, source, where)
        return list(where.children)


class Reasons(Rendered):
    """Every reason code, with what to do."""

    def lines(self) -> list[str]:
        reasons = load("servicevm.errors:REASONS")
        return table(
            ["Code", "HTTP", "What went wrong", "What to do"],
            (
                (f"``{one.code}``", str(one.status), one.title, one.hint)
                for one in reasons.values()
            ),
        )


class States(Rendered):
    """Members of one enumeration of servicevm.states."""

    required_arguments = 1

    def lines(self) -> list[str]:
        states = load(f"servicevm.states:{self.arguments[0]}")
        return [", ".join(f"``{one.value}``" for one in states), ""]


class Plans(Rendered):
    """Steps of every operation."""

    def lines(self) -> list[str]:
        plans = load("servicevm.plans:PLANS")
        return table(
            ["Resource", "Action", "Steps"],
            (
                (
                    str(resource_type),
                    str(action),
                    ", ".join(f"``{step}``" for step in steps),
                )
                for (resource_type, action), steps in plans.items()
            ),
        )


class ExitCodes(Rendered):
    """Exit codes of the command line."""

    def lines(self) -> list[str]:
        codes = load("servicevmclient.exit_codes:ExitCode")
        words = comments(codes)
        return table(
            ["Code", "Name", "Meaning"],
            (
                (str(int(one)), f"``{one.name}``", words.get(one.name, ""))
                for one in codes
            ),
        )


class Schema(Rendered):
    """Fields of a JSON Schema."""

    required_arguments = 1

    def lines(self) -> list[str]:
        schema = load(self.arguments[0])
        return schema_lines(schema)


class Policy(Rendered):
    """Every rule, whom it lets in by default, and what it is about."""

    def lines(self) -> list[str]:
        return table(
            ["Rule", "Default", "", "Routes"],
            (
                (
                    f"``{rule.name}``",
                    f"``{rule.check_str}``",
                    rule.description,
                    ", ".join(
                        f"``{one['method']} {one['path']}``"
                        for one in getattr(rule, "operations", [])
                    ),
                )
                for rule in load("servicevm.policy:list_rules")()
            ),
        )


class Messaging(Rendered):
    """The options that we recommend for RabbitMQ."""

    def lines(self) -> list[str]:
        options = load("servicevm.rpc.defaults:RECOMMENDED")
        return table(
            ["Option", "Default here"],
            (
                (f"``{name}``", f"``{value}``")
                for name, value in options.items()
            ),
        )


class Commands(AutoprogramCliffDirective):  # type: ignore[misc]
    """Every command of an entry point group.

    cliff makes its commands without an application; ours name the one they
    are in, in their examples.
    """

    def _load_commands(self) -> dict[str, Any]:
        app = SimpleNamespace(NAME="openstack")
        return {
            name: lambda _app, args, found=found: found(app, args)
            for name, found in super()._load_commands().items()
        }


def setup(app: Sphinx) -> Mapping[str, Any]:
    """Called by Sphinx."""
    from servicevm_docs_api import Api

    for name, directive in {
        "reasons": Reasons,
        "states": States,
        "plans": Plans,
        "policy": Policy,
        "messaging": Messaging,
        "exit-codes": ExitCodes,
        "commands": Commands,
        "schema": Schema,
        "api": Api,
    }.items():
        app.add_directive(f"servicevm-{name}", directive)
    return {"version": "1", "parallel_read_safe": True}
