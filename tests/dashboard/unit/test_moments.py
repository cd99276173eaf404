"""How long ago something was."""

from datetime import timedelta

import pytest
from django.utils import timezone

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


def test_what_never_was_is_never() -> None:
    assert moments.age("") == moments.ago("") == "Never"
