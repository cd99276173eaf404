"""Options of create, set and unset: declared once, rendered for each."""

import argparse
import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from servicevmclient.osc import _values


class Verb(enum.Flag):
    """Commands that an option belongs to."""

    CREATE = enum.auto()
    SET = enum.auto()
    UNSET = enum.auto()


NONE = Verb(0)
#: the commands that an option is in if it does not say
BOTH = Verb.CREATE | Verb.SET
ALL = BOTH | Verb.UNSET


class Scalar(NamedTuple):
    """One value: ``--description TEXT``.

    :param flag: the option
    :param field: key of the request; ``health.x`` is key x in object health
    :param help: what it means; no full stop
    :param required: commands that refuse to run without it
    """

    flag: str
    field: str
    help: str
    metavar: str
    parse: Callable[[str], Any] = str
    verbs: Verb = BOTH
    required: Verb = NONE
    choices: tuple[str, ...] | None = None


class Many(NamedTuple):
    """A list: ``--tag A --tag B``.

    ``set`` adds to it (`replaces`: gives a new list), ``--no-tag`` empties
    it first; ``unset`` takes one out, ``--all-tag`` all.
    """

    flag: str
    field: str
    help: str
    metavar: str
    parse: Callable[[str], Any] = str
    verbs: Verb = ALL
    replaces: bool = False


class Keys(NamedTuple):
    """An object: ``--property key=value``, merged by ``set``."""

    flag: str
    field: str
    help: str
    parse: Callable[[str], tuple[str, Any]] = _values.key_value
    verbs: Verb = ALL


Option = Scalar | Many | Keys

DESCRIPTION = Scalar("--description", "description", "What it is for", "TEXT")
NEW_NAME = Scalar("--name", "name", "New name", "NAME", verbs=Verb.SET)
#: a name; the command makes an id of it
PROJECT = Scalar(
    "--project",
    "project_id",
    "Project that it is to belong to (name or ID; needs a role that may)",
    "PROJECT",
    verbs=Verb.CREATE,
)
TAG = Many("--tag", "tags", "Tag (repeat for more)", "TAG")
PROPERTY = Keys("--property", "properties", "Your own key (repeat for more)")


def add(
    parser: argparse.ArgumentParser, options: Sequence[Option], verb: Verb
) -> None:
    """Render the options that a command has."""
    for option in options:
        if verb not in option.verbs:
            continue
        if isinstance(option, Scalar):
            parser.add_argument(
                option.flag,
                dest=_dest(option),
                metavar=option.metavar,
                type=option.parse,
                choices=option.choices,
                required=verb in option.required,
                help=option.help,
            )
        else:
            _add_collection(parser, option, verb)


def _add_collection(
    parser: argparse.ArgumentParser, option: Many | Keys, verb: Verb
) -> None:
    word = option.flag.removeprefix("--")
    clear = {Verb.SET: f"--no-{word}", Verb.UNSET: f"--all-{word}"}.get(verb)
    if clear is not None and not getattr(option, "replaces", False):
        parser.add_argument(
            clear,
            dest=f"clear_{_dest(option)}",
            action="store_true",
            help="Remove all of them"
            + (" before adding what is given" if verb is Verb.SET else ""),
        )
    keys = isinstance(option, Keys)
    metavar = "KEY=VALUE" if isinstance(option, Keys) else option.metavar
    how: Callable[[str], Any] = option.parse
    if verb is Verb.UNSET:
        metavar, how = ("KEY" if keys else metavar), str
    parser.add_argument(
        option.flag,
        dest=_dest(option),
        metavar=metavar,
        type=how,
        action="append",
        help=option.help + (", to remove" if verb is Verb.UNSET else ""),
    )


def needs_current(
    parsed: argparse.Namespace, options: Sequence[Option], verb: Verb
) -> bool:
    """Whether the change depends on what the resource has now."""
    for option in options:
        if verb not in option.verbs:
            continue
        given = getattr(parsed, _dest(option)) is not None
        if isinstance(option, Scalar):
            if given and "." in option.field:
                return True
        elif given and not getattr(option, "replaces", False):
            return True
    return False


def changes(
    parsed: argparse.Namespace,
    options: Sequence[Option],
    verb: Verb,
    current: Mapping[str, Any],
) -> dict[str, Any]:
    """The keys to send.

    :param current: what the resource has now; empty for create
    """
    found: dict[str, Any] = {}
    for option in options:
        if verb not in option.verbs:
            continue
        value = getattr(parsed, _dest(option))
        if isinstance(option, Scalar):
            if value is not None:
                _put(found, option.field, value, current)
            continue
        clear = getattr(parsed, f"clear_{_dest(option)}", False)
        if value is None and not clear:
            continue
        if isinstance(option, Keys):
            found[option.field] = _merged(
                verb, {} if clear else current.get(option.field), value or []
            )
        else:
            fresh = clear or option.replaces
            found[option.field] = _joined(
                verb, [] if fresh else current.get(option.field), value or []
            )
    return found


def _put(
    found: dict[str, Any], field: str, value: Any, current: Mapping[str, Any]
) -> None:
    outer, _, inner = field.partition(".")
    if inner:
        base = found.get(outer, current.get(outer) or {})
        value = {**base, inner: value}
    found[outer] = value


def _merged(verb: Verb, old: Any, new: Sequence[Any]) -> dict[str, Any]:
    if verb is Verb.UNSET:
        return {k: v for k, v in (old or {}).items() if k not in new}
    return {**(old or {}), **dict(new)}


def _joined(verb: Verb, old: Any, new: Sequence[Any]) -> list[Any]:
    if verb is Verb.UNSET:
        return [one for one in old or [] if one not in new]
    return [*(old or []), *(one for one in new if one not in (old or []))]


def _dest(option: Option) -> str:
    return "option_" + option.flag.removeprefix("--").replace("-", "_")
