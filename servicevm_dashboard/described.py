"""What a user may say of every resource: name, description, tags, keys.

As a schema for `servicevm_dashboard.schema_form`, so that it is asked for in
the same way everywhere; limits are those of the service.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from servicevm_dashboard.schema_form import SchemaForm, paths

#: What a form of it asks for.
OWN = ("name", "description", "tags", "properties")

#: No control characters.
_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"
_KEY = "^[A-Za-z0-9][A-Za-z0-9_.:\\-]*$"
_TAGS = "^[^/\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"


def schema(*, name: str = "") -> dict[str, Any]:
    """In the user's language.

    :param name: help of the name
    """
    return {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {
                "type": "string",
                "title": _("Name"),
                "description": name,
                "minLength": 1,
                "maxLength": 255,
                "pattern": _LINE,
                "x-sentence": _("It may not have line breaks."),
            },
            "description": {
                "type": "string",
                "title": _("Description"),
                "maxLength": 1024,
                "x-multiline": True,
            },
            "tags": {
                "type": "string",
                "title": _("Tags"),
                "description": _("Words to find it by; commas part them."),
                "pattern": _TAGS,
                "x-sentence": _("A tag may not have a slash."),
            },
            "properties": {
                "type": "array",
                "title": _("Properties"),
                "description": _("Your own keys and values."),
                "maxItems": 64,
                "x-unique": "key",
                "items": {
                    "type": "object",
                    "title": _("Property"),
                    "required": ["key"],
                    "properties": {
                        "key": {
                            "type": "string",
                            "title": _("Key"),
                            "maxLength": 63,
                            "pattern": _KEY,
                            "x-sentence": _(
                                "A key has letters, digits and _ . : - and "
                                "begins with a letter or digit."
                            ),
                        },
                        "value": {
                            "type": "string",
                            "title": _("Value"),
                            "maxLength": 1024,
                            "x-basic": True,
                        },
                    },
                },
            },
        },
    }


def attributes(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the service is sent."""
    tags = (one.strip() for one in document.get("tags", "").split(","))
    return {
        "name": document["name"],
        "description": document.get("description", ""),
        "tags": list(dict.fromkeys(tag for tag in tags if tag)),
        "properties": {
            one["key"]: one.get("value", "")
            for one in document.get("properties", ())
        },
    }


def given(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a new resource is sent: only what was filled in."""
    found = attributes(document)
    return {key: value for key, value in found.items() if value}


def document(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What the service shows, as the form has it."""
    found = {
        "name": shown["name"],
        "description": shown.get("description"),
        "tags": ", ".join(shown.get("tags") or ()),
        "properties": [
            {"key": key, "value": value} if value else {"key": key}
            for key, value in (shown.get("properties") or {}).items()
        ],
    }
    return {key: value for key, value in found.items() if value}


def _form_path(path: str, form: SchemaForm) -> str:
    """The service's path of a field, as the form has it.

    A tag is one of a list for the service, a property a key of an object.
    """
    match paths.parse(path):
        case (envelope, "tags", *_below):
            return f"$.{envelope}.tags"
        case (envelope, "properties", key, *_below):
            rows = form.document.get("properties", ())
            keys = [row.get("key") for row in rows]
            if key in keys:
                return f"$.{envelope}.properties[{keys.index(key)}].value"
            return f"$.{envelope}.properties"
    return path


def refuse(
    form: SchemaForm, fields: Mapping[str, str], envelope: str
) -> Mapping[str, str]:
    """Show what the service said next to the fields of this form.

    :param envelope: key of the resource in what the service was sent
    :returns: what it said about others
    """
    others: dict[str, str] = {}
    for path, sentence in fields.items():
        # One at a time: two tags are in one field.
        own = {_form_path(path, form): sentence}
        others |= dict(form.refuse(own, (envelope,), shared=True))
    return others
