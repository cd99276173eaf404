import argparse
from typing import Any

import pytest

from servicevmclient.osc import _options, _values
from servicevmclient.osc._options import Keys, Many, Scalar, Verb

OPTIONS = (
    _options.NEW_NAME,
    _options.DESCRIPTION,
    Scalar("--driver", "driver", "x", "D", required=Verb.CREATE),
    Scalar("--patience", "health.patience", "x", "S", parse=int),
    Many("--nic", "nics", "x", "N", verbs=_options.BOTH, replaces=True),
    Keys("--option", "options", "x", parse=_values.key_typed),
    _options.TAG,
    _options.PROPERTY,
)
CURRENT = {
    "health": {"other": 1},
    "nics": ["a"],
    "tags": ["a", "b"],
    "properties": {"k": "v", "l": "w"},
}


def _parse(verb: Verb, line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    _options.add(parser, OPTIONS, verb)
    return parser.parse_args(line.split())


@pytest.mark.parametrize(
    ("verb", "line", "changes"),
    [
        (
            Verb.CREATE,
            "--driver d --option n=192 --option s=192m --option b=true",
            {"driver": "d", "options": {"n": 192, "s": "192m", "b": True}},
        ),
        (
            Verb.CREATE,
            "--driver d --tag x --tag y --property k=1 --nic a --nic b",
            {
                "driver": "d",
                "tags": ["x", "y"],
                "properties": {"k": "1"},
                "nics": ["a", "b"],
            },
        ),
        (Verb.SET, "", {}),
        (Verb.SET, "--name n", {"name": "n"}),
        (Verb.SET, "--tag b --tag c", {"tags": ["a", "b", "c"]}),
        (Verb.SET, "--no-tag --tag c", {"tags": ["c"]}),
        (Verb.SET, "--no-tag", {"tags": []}),
        (Verb.SET, "--nic b", {"nics": ["b"]}),
        (
            Verb.SET,
            "--property k=x --property m=y",
            {"properties": {"k": "x", "l": "w", "m": "y"}},
        ),
        (Verb.SET, "--no-property", {"properties": {}}),
        (Verb.SET, "--patience 5", {"health": {"other": 1, "patience": 5}}),
        (Verb.UNSET, "--tag a", {"tags": ["b"]}),
        (Verb.UNSET, "--all-tag", {"tags": []}),
        (
            Verb.UNSET,
            "--property k --tag zz",
            {"properties": {"l": "w"}, "tags": ["a", "b"]},
        ),
        (Verb.UNSET, "--all-property", {"properties": {}}),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_options_become_changes(verb: Verb, line: str, changes: Any) -> None:
    current = {} if verb is Verb.CREATE else CURRENT
    parsed = _parse(verb, line)
    assert _options.changes(parsed, OPTIONS, verb, current) == changes


@pytest.mark.parametrize(
    ("verb", "line", "needed"),
    [
        (Verb.SET, "--name n --description d", False),
        (Verb.SET, "--nic b", False),
        (Verb.SET, "--no-tag", False),
        (Verb.SET, "--tag b", True),
        (Verb.SET, "--patience 1", True),
        (Verb.UNSET, "--property k", True),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_there_is_read_only_where_it_matters(
    verb: Verb, line: str, needed: bool
) -> None:
    parsed = _parse(verb, line)
    assert _options.needs_current(parsed, OPTIONS, verb) is needed


def test_a_required_option_is_required_in_create_only() -> None:
    with pytest.raises(SystemExit):
        _parse(Verb.CREATE, "")
    _parse(Verb.SET, "")


def test_unset_has_only_what_can_be_taken_away() -> None:
    parser = argparse.ArgumentParser()
    _options.add(parser, OPTIONS, Verb.UNSET)
    flags = {flag for one in parser._actions for flag in one.option_strings}
    assert flags == {
        "-h",
        "--help",
        "--option",
        "--all-option",
        "--tag",
        "--all-tag",
        "--property",
        "--all-property",
    }
