import io
from pathlib import Path
from typing import Any

import pytest

from servicevmclient.exceptions import InvalidInput
from servicevmclient.osc import _files
from tests.unit.client.conftest import SCHEMA

#: each line has ten times what the line before has: a million in all
BOMB = "v0: &v0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"v{n}: &v{n} [{', '.join([f'*v{n - 1}'] * 10)}]\n" for n in range(1, 6)
)


def _load(text: str) -> dict[str, Any]:
    return _files.load("-", io.StringIO(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("no", "no"),
        ("2026-11-22", "2026-11-22"),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("75:30", "75:30"),
        ("010", 10),
        ("0x10", "0x10"),
        ("80", 80),
        ("-1", -1),
        ("1.5", 1.5),
        ("true", True),
        ("~", None),
        ("", None),
        ("10.0.0.1", "10.0.0.1"),
        ("'80'", "80"),
        ("<<", "<<"),
    ],
)
def test_scalars_have_the_types_of_json(text: str, value: Any) -> None:
    found = _load(f"a: {text}\n")["a"]
    assert found == value
    assert type(found) is type(value)


def test_json_is_read_as_well() -> None:
    assert _load('{"a": [1, "x", null, {"b": false}]}') == {
        "a": [1, "x", None, {"b": False}]
    }


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text("\ufeffa: ä\n", encoding="utf-8")
    assert _files.load(str(path), io.StringIO()) == {"a": "ä"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", r"line 3.*'a'.*twice"),
        ("1: x\n", r"line 1.*not a string"),
        ("a: [\n", r"line 2"),
        ("- a\n", "no object"),
        ("", "no object"),
        ("a: !!python/object:os.system {}\n", "line 1"),
        ("a: \x01\n", "standard input"),
        (BOMB, "values"),
        ("x" * (_files.MAX_BYTES + 1), "characters"),
    ],
    ids=[
        "twice",
        "number-as-key",
        "syntax",
        "list",
        "empty",
        "python-object",
        "control-character",
        "alias-bomb",
        "too-long",
    ],
)
def test_what_is_no_document_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        _load(text)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(
    content: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InvalidInput, match=str(path)):
        _files.load(str(path), io.StringIO())


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({"listeners": []}, set()),
        ({}, {"$.listeners"}),
        ({"listeners": [{"name": "a", "port": 0}]}, {"$.listeners[0].port"}),
        (
            {"listeners": [{"name": 1, "x": 1}]},
            {
                "$.listeners[0].name",
                "$.listeners[0].port",
                "$.listeners[0].x",
            },
        ),
    ],
    ids=["fits", "required", "value", "many"],
)
def test_what_does_not_fit_is_named_by_its_path(
    document: Any, fields: set[str]
) -> None:
    if not fields:
        _files.validate(document, SCHEMA, "it")
        return
    with pytest.raises(InvalidInput) as caught:
        _files.validate(document, SCHEMA, "it")
    assert set(caught.value.fields) == fields
