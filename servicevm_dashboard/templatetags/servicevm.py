"""Filters of the plugin's templates: ``{% load servicevm %}``."""

import json
from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from servicevm_dashboard import condition, live, moments, tables, words
from servicevm_dashboard.tables import status

register = template.Library()


@register.filter
def provisioning(value: str) -> Any:
    """``{{ device.provisioning_status|provisioning }}``"""
    return status(value, words.PROVISIONING)


@register.filter
def operating(value: str) -> Any:
    """``{{ device.operating_status|operating }}``"""
    return status(value, words.OPERATING)


@register.filter
def member(value: str) -> Any:
    """``{{ member.operating_status|member }}``"""
    return status(value, words.MEMBER)


@register.filter
def state(resource: Any) -> Any:
    """What is being done to a device or service: ``{{ device|state }}``."""
    return tables.provisioning(resource)


@register.filter
def health(resource: Any) -> Any:
    """How a device or service does: ``{{ device|health }}``."""
    return tables.operating(resource)


@register.filter
def told(resource: Any) -> Any:
    """Both, but what means nothing: ``{{ device|told }}``."""
    found = (
        (condition.provisioning(resource), words.PROVISIONING),
        (condition.health(resource), words.OPERATING),
    )
    return format_html_join(
        mark_safe("<br>"),
        "{}",
        ((status(value, table),) for value, table in found if value),
    )


@register.filter
def first_told(resource: Any) -> Any:
    """The first of what is `told`."""
    value = condition.provisioning(resource)
    if value:
        return status(value, words.PROVISIONING)
    return status(condition.health(resource), words.OPERATING)


@register.filter
def ago(moment: Any) -> str:
    """``{{ agent.last_seen|parse_isotime|ago }}``"""
    return moments.ago(moment)


@register.filter
def age(moment: Any) -> str:
    """``{{ operation.started_at|parse_isotime|age }}``"""
    return moments.age(moment)


@register.simple_tag
def refresh_minutes() -> int:
    """Minutes without input after which a page is no longer refreshed."""
    return live.patience()


@register.filter
def operation(value: str) -> Any:
    """``{{ operation.state|operation }}``"""
    return status(value, words.OPERATION)


@register.filter
def action(value: str) -> Any:
    """``{{ operation.action|action }}``"""
    return words.of(words.ACTION, value)


@register.filter
def role(value: str) -> Any:
    """``{{ interface.role|role }}``"""
    return words.of(words.ROLE, value)


@register.filter
def infra_driver(value: str) -> Any:
    """``{{ template.infra_driver|infra_driver }}``"""
    return words.of(words.INFRA_DRIVER, value)


@register.filter
def mgmt_driver(value: str) -> Any:
    """``{{ template.mgmt_driver|mgmt_driver }}``"""
    return words.of(words.MGMT_DRIVER, value)


@register.filter
def service_type(value: str) -> Any:
    """``{{ service.service_type|service_type }}``"""
    return words.of(words.SERVICE_TYPE, value)


@register.filter
def severity(value: str) -> Any:
    """``{{ event.severity|severity }}``"""
    return status(value, words.SEVERITY)


@register.filter
def kind(value: str) -> Any:
    """``{{ device.kind|kind }}``"""
    return words.of(words.KIND, value)


@register.filter
def held(value: str) -> Any:
    """``{{ device.hold.scope|held }}``"""
    return words.of(words.HOLD, value)


@register.filter
def fact(value: str) -> Any:
    """The word for a fact's key; itself, readable, where there is none."""
    return words.FACT.get(value, value.replace("_", " ").capitalize())


@register.filter
def readable(value: Any) -> str:
    """A value of a fact; what has parts as JSON."""
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
