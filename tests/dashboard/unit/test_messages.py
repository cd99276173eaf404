"""The catalogs of other languages, which are kept compiled in git."""

import pytest

from tools.dashboard import messages


@pytest.mark.parametrize("domain", messages.DOMAINS)
def test_strings_of_code_templates_and_scripts_are_found(domain: str) -> None:
    assert len(messages.extract(domain)) > 10


def test_every_language_is_complete_and_compiled() -> None:
    problems = [
        problem
        for language in messages.languages()
        for problem in messages.problems(language)
    ]
    assert not problems, "\n".join(
        [*problems, "", "python -m tools.dashboard.messages update"]
    )
