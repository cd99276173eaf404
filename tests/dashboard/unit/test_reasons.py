"""What the service says, in the language of the page."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

import servicevm
from servicevm import errors
from servicevm_dashboard import advice, reasons

ROOT = Path(servicevm.__file__).parent
#: Calls whose sentence is always the same, where it is one.
_SAYING = frozenset({"Wait", "Done"})


def _sentences() -> Iterator[str]:
    """What steps say that they wait for, and why agents are turned away."""
    for name in (
        "device_steps",
        "interface_steps",
        "service_steps",
        "enrolment",
    ):
        path = ROOT / "conductor" / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", "")
                if called in _SAYING:
                    yield from _constants(
                        [*node.args, *(one.value for one in node.keywords)]
                    )
            if isinstance(node, ast.Assign):
                target = node.targets[0]
                if isinstance(target, ast.Name) and target.id == "refusal":
                    yield from _constants([node.value])


def _constants(found: list[ast.expr]) -> Iterator[str]:
    for one in found:
        for each in one.values if isinstance(one, ast.BoolOp) else [one]:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def test_the_titles_are_the_services_own() -> None:
    assert reasons.TITLES == {
        code: one.title for code, one in errors.REASONS.items()
    }


def test_the_sentences_are_the_services_own() -> None:
    assert set(_sentences()) - {""} == reasons.SAID


@pytest.mark.parametrize(
    ("language", "code", "text", "told"),
    [
        pytest.param(
            "en", "device_died", "It was killed.", "It was killed.", id="en"
        ),
        pytest.param(
            "en",
            "device_died",
            "",
            "The virtual machine stopped running.",
            id="en: nothing in particular",
        ),
        pytest.param(
            "de",
            "device_died",
            "The virtual machine stopped running.",
            "Die virtuelle Maschine läuft nicht mehr.",
            id="de: only what the code stands for",
        ),
        pytest.param(
            "de",
            "device_died",
            "It was killed.",
            "Die virtuelle Maschine läuft nicht mehr. (It was killed.)",
            id="de: the service's own words beside it",
        ),
        pytest.param(
            "ja",
            None,
            "The machine is being built.",
            "マシンを作成しています。",
            id="ja: without a code",
        ),
        pytest.param("ja", "new_code", "A b.", "A b.", id="ja: newer code"),
        pytest.param("de", None, None, "", id="nothing"),
    ],
)
def test_what_went_wrong_is_told_in_the_language_of_the_page(
    language: str, code: str | None, text: str | None, told: str
) -> None:
    with translation.override(language):
        assert reasons.told(code, text) == told


@pytest.mark.parametrize(
    ("language", "code", "text", "told"),
    [
        ("en", "port_taken", "web has it.", "web has it."),
        (
            "de",
            "port_taken",
            "web has it.",
            "Der Port ist belegt. (web has it.)",
        ),
        ("de", "invalid_field", "No such thing.", "No such thing."),
        ("de", "config_invalid", "", ""),
    ],
)
def test_of_a_field_is_told_what_is_wrong_and_not_only_that(
    language: str, code: str, text: str, told: str
) -> None:
    with translation.override(language):
        assert reasons.said_of_field(code, text) == told


def test_what_to_do_is_in_words_of_the_pages() -> None:
    for code, one in errors.REASONS.items():
        told = advice.refused(code, one.hint)
        assert told
        assert "servicevm quota" not in told
        assert "device show" not in told
    assert advice.refused("new_code", "Do that.") == "Do that."
    assert advice.refused(None, None) == ""
