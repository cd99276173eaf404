"""Pieces that the schemas of several resources share."""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

# Control characters are refused: a name must not move a terminal's cursor.
# So are those of the 8-bit sets, and what else ends a line.
_NO_LINE = "It may not have line breaks or other control characters."
_NO_TEXT = "It may not have control characters but line feeds and tabs."
_LINE = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$"
_TEXT = "^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]*$"


def fields(
    properties: Mapping[str, Any], *required: str, **more: Any
) -> Schema:
    """An object with these fields and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def exactly(properties: Mapping[str, Any], **more: Any) -> Schema:
    """An object with all of these fields: what an answer is."""
    return fields(properties, *properties, **more)


def envelope(name: str, schema: Schema) -> Schema:
    """``{name: ...}``, as in requests and answers about one resource."""
    return exactly({name: schema})


def collection(name: str, schema: Schema) -> Schema:
    """``{name: [...], name_links: [...]}``, a list's answer."""
    return fields(
        {
            name: {"type": "array", "items": schema},
            f"{name}_links": {"type": "array", "items": LINK},
        },
        name,
    )


def nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


ID = {
    "type": "string",
    "minLength": 1,
    "maxLength": 36,
    "pattern": _LINE,
    "x-sentence": _NO_LINE,
}
UUID = {"type": "string", "format": "uuid"}
PROJECT_ID = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "pattern": "^[A-Za-z0-9_.-]+$",
}
TIME = {"type": "string", "format": "date-time"}
LINK = exactly({"rel": {"type": "string"}, "href": {"type": "string"}})

NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": _LINE,
    "x-sentence": _NO_LINE,
    "description": "For people; names need not be unique.",
}
DESCRIPTION = {
    "type": "string",
    "maxLength": 1024,
    "pattern": _TEXT,
    "x-sentence": _NO_TEXT,
}
TAGS = {
    "type": "array",
    "maxItems": 50,
    "uniqueItems": True,
    "items": {
        "type": "string",
        "minLength": 1,
        "maxLength": 60,
        # A comma parts tags in a query, a slash would part a path.
        "pattern": "^[^,/\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]+$",
        "x-sentence": "It may not have commas, slashes or control characters.",
    },
}
PROPERTIES = {
    "type": "object",
    "maxProperties": 64,
    "propertyNames": {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}$"},
    "additionalProperties": {
        "type": "string",
        "maxLength": 1024,
        "pattern": _TEXT,
        "x-sentence": _NO_TEXT,
    },
    "description": "Free keys and values, for the user's own use.",
}

#: What a user may say of every resource.
DESCRIBED = {
    "name": NAME,
    "description": DESCRIPTION,
    "tags": TAGS,
    "properties": PROPERTIES,
}

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
BOOLEAN = {"type": "boolean"}
ANY_OBJECT = {"type": "object"}

RESOURCE_NAME = {
    **nullable(STRING),
    "description": "What the resource is called by now or, once it is gone, "
    "was called last; null for one that has no name.",
}
RESOURCE_GONE = {
    **BOOLEAN,
    "description": "Whether the resource is no more.",
}

QUOTA_EXCESS = exactly(
    {
        "name": STRING,
        "limit": INTEGER,
        "in_use": INTEGER,
        "asked": {
            "type": "integer",
            "description": "How much more the request would have taken.",
        },
    },
    title="QuotaExcess",
)

ERRORS = exactly(
    {
        "errors": {
            "type": "array",
            "items": fields(
                {
                    "request_id": STRING,
                    "code": {
                        "type": "string",
                        "description": "Stable reason code.",
                    },
                    "status": INTEGER,
                    "title": STRING,
                    "detail": STRING,
                    "hint": {
                        "type": "string",
                        "description": "What to do next.",
                    },
                    "links": {"type": "array", "items": LINK},
                    "fields": {
                        "type": "object",
                        "additionalProperties": STRING,
                        "description": "JSONPath in the request, or name of "
                        "the query parameter, to a sentence.",
                    },
                    "quotas": {
                        "type": "array",
                        "items": QUOTA_EXCESS,
                        "description": "The quotas that an answer 403 with "
                        "code quota_exceeded is about.",
                    },
                },
                "request_id",
                "code",
                "status",
                "title",
                "detail",
                "hint",
                "links",
            ),
        }
    },
    title="Errors",
)
