"""The catalogs of other languages, which are kept compiled in git."""

import pytest

from tools import dashboard_messages


@pytest.mark.parametrize("domain", dashboard_messages.DOMAINS)
def test_strings_of_code_templates_and_scripts_are_found(domain: str) -> None:
    assert len(dashboard_messages.extract(domain)) > 10


def test_every_language_is_complete_and_compiled() -> None:
    problems = [
        problem
        for language in dashboard_messages.languages()
        for problem in dashboard_messages.problems(language)
    ]
    assert not problems, "\n".join(
        [*problems, "", "python -m tools.dashboard_messages update"]
    )
