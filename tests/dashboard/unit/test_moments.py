"""How long ago something was, and how long until it is."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from servicevm_dashboard import moments


@pytest.mark.parametrize(
    ("seconds", "age", "ago"),
    [
        (0, "less than a minute", "just now"),
        (59, "less than a minute", "just now"),
        (190, "3\xa0minutes", "3\xa0minutes ago"),
    ],
)
def test_times_read_as_a_sentence(seconds: int, age: str, ago: str) -> None:
    moment = timezone.now() - timedelta(seconds=seconds)
    assert moments.age(moment) == age
    assert moments.ago(moment) == ago


@pytest.mark.parametrize(
    ("language", "days", "ago"),
    [
        ("en", 1, "1\xa0day ago"),
        ("de", 1, "vor 1\xa0Tag"),
        ("de", 3, "vor 3\xa0Tagen"),
        ("ja", 3, "3\xa0日前"),
    ],
)
def test_times_are_declined_as_the_language_wants(
    language: str, days: int, ago: str
) -> None:
    with translation.override(language):
        assert moments.ago(timezone.now() - timedelta(days=days)) == ago


@pytest.mark.parametrize(
    ("language", "seconds", "until"),
    [
        ("en", 1, "in 1 second"),
        ("en", 119, "in 119 seconds"),
        ("en", 120, "in 2\xa0minutes"),
        ("de", 3 * 86400, "in 3\xa0Tagen"),
        ("de", 42, "in 42 Sekunden"),
        ("ja", 42, "42 秒後"),
    ],
)
def test_what_is_to_come_is_counted_down(
    language: str, seconds: int, until: str
) -> None:
    now = timezone.now()
    with translation.override(language):
        assert moments.until(now + timedelta(seconds=seconds), now) == until


def test_what_never_was_is_never() -> None:
    assert moments.age("") == moments.ago("") == "Never"
