"""Our own service type's form in other languages."""

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from servicevm.service_types.loadbalancer import LOADBALANCER
from servicevm_dashboard.schema_form import SchemaForm


@pytest.mark.parametrize(
    ("language", "verb", "label"),
    [
        ("en", "Add member", "Client timeout (ms)"),
        ("de", "Mitglied hinzufügen", "Client-Zeitlimit (ms)"),
        ("ja", "メンバーを追加", "クライアントのタイムアウト (ミリ秒)"),
    ],
)
def test_words_are_translated_and_names_are_not(
    language: str, verb: str, label: str
) -> None:
    with translation.override(language):
        form = SchemaForm(LOADBALANCER.config_schema, prefix="config")
        shown = render_to_string("servicevm/schema/_form.html", {"form": form})
    assert verb in shown
    assert label in shown
    assert 'value="member-1"' in shown
    assert 'data-stem="listener-"' in shown
