"""Filters of forms: ``{% load servicevm_form %}``."""

import html
from typing import Any

from django import template
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def exact(value: Any) -> SafeString:
    """``value="{{ node.value|exact }}"``: as it is, escaped.

    Horizon's own escaping makes ``{%`` of ``{$``, which AngularJS would
    take for markup, and so would change what somebody wrote. Only for what
    is below an ``ng-non-bindable``, where AngularJS looks at nothing.
    """
    return mark_safe(html.escape(str(value)))  # noqa: S308


@register.filter
def inside(noun: str) -> str:
    """A noun as it is written inside a sentence."""
    german = (translation.get_language() or "").startswith("de")
    return noun if german else noun.lower()
