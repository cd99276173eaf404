"""Filters of the plugin's templates: ``{% load servicevm %}``."""

from typing import Any

from django import template

from servicevm_dashboard import words
from servicevm_dashboard.tables import status

register = template.Library()


@register.filter
def provisioning(value: str, reason: str = "") -> Any:
    """``{{ device.provisioning_status|provisioning }}``"""
    return status(value, words.PROVISIONING, reason)


@register.filter
def operating(value: str) -> Any:
    """``{{ device.operating_status|operating }}``"""
    return status(value, words.OPERATING)


@register.filter
def operation(value: str) -> Any:
    """``{{ operation.state|operation }}``"""
    return status(value, words.OPERATION)


@register.filter
def action(value: str) -> Any:
    """``{{ operation.action|action }}``"""
    return words.of(words.ACTION, value)
