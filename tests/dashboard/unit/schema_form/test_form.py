"""Documents to forms and back, as a browser sees the forms."""

from typing import Any

import pytest
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servicevm_dashboard.schema_form import SchemaForm
from tests.dashboard.unit.html_form import HtmlForm

FIREWALL: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Firewall",
    "type": "object",
    "required": ["zones", "rules", "policy"],
    "additionalProperties": False,
    "properties": {
        "policy": {"enum": ["accept", "drop"], "title": "Default policy"},
        "level": {"enum": [1, 2, 3]},
        "zones": {
            "type": "array",
            "minItems": 1,
            "items": {
                "title": "Zone",
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z0-9-]+$"},
                    "notes": {"type": "string", "x-multiline": True},
                },
            },
        },
        "rules": {
            "type": "array",
            "x-unique": [["zone", "port"]],
            "items": {
                "type": "object",
                "required": ["zone", "port"],
                "additionalProperties": False,
                "properties": {
                    "zone": {
                        "type": "string",
                        "minLength": 1,
                        "x-reference": "$.zones[*].name",
                    },
                    "port": {
                        "type": "integer",
                        "minimum": 1,
                        "x-occupies": "tcp",
                    },
                    "ratio": {"type": "number"},
                    "log": {"type": "boolean"},
                    "stateful": {"type": "boolean", "default": True},
                    "sources": {"type": "array", "items": {"type": "string"}},
                    "limit": {
                        "title": "Rate limit",
                        "type": "object",
                        "required": ["per_second", "hard"],
                        "properties": {
                            "per_second": {"type": "integer"},
                            "hard": {"type": "boolean"},
                            "burst": {"type": "integer"},
                        },
                    },
                },
            },
        },
        "extra": {"anyOf": [{"type": "string"}, {"type": "object"}]},
        "labels": {
            "type": "object",
            "additionalProperties": {"type": "string"},
        },
    },
}


def drawn(form: SchemaForm) -> HtmlForm:
    html = render_to_string("servicevm/schema/_form.html", {"form": form})
    return HtmlForm(html, marker="")


def sent(form: SchemaForm) -> MultiValueDict[str, str]:
    return MultiValueDict(drawn(form).data())


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("{$}%"),
    min_size=1,
    max_size=8,
)
MULTILINE = st.text("ab \n<&\"'", min_size=1, max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_leaves=5,
)


def objects(required: dict[str, Any], optional: dict[str, Any]) -> Any:
    return st.fixed_dictionaries(required, optional=optional)


DOCUMENTS = objects(
    {
        "policy": st.sampled_from(["accept", "drop"]),
        "zones": st.lists(
            objects({"name": TEXT}, {"notes": MULTILINE, "other": JSON}),
            max_size=3,
        ),
        "rules": st.lists(
            objects(
                {"zone": TEXT, "port": st.integers()},
                {
                    "ratio": st.floats(allow_nan=False, allow_infinity=False),
                    "log": st.booleans(),
                    "stateful": st.booleans(),
                    "sources": st.lists(TEXT, max_size=3),
                    "limit": objects(
                        {"per_second": st.integers(), "hard": st.booleans()},
                        {"burst": st.integers()},
                    ),
                },
            ),
            max_size=3,
        ),
    },
    {
        "level": st.sampled_from([1, 2, 3]),
        "extra": JSON,
        "labels": st.dictionaries(TEXT, TEXT, max_size=3),
    },
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(DOCUMENTS)
def test_a_document_comes_back_from_its_form_as_it_was(document: Any) -> None:
    form = SchemaForm(FIREWALL, "config", document=document)
    again = SchemaForm(FIREWALL, "config", data=sent(form))
    assert again.document == document


def test_a_type_that_nobody_knew_has_a_form_to_begin_with() -> None:
    form = SchemaForm(FIREWALL, "config")
    assert form.document == {
        "policy": "accept",
        "zones": [{"name": "zone-1"}],
        "rules": [{"zone": "zone-1", "port": ""}],
    }
    page = drawn(form)
    port = page.inputs["config/rules/0/port"][0]
    assert (port["type"], port["min"]) == ("number", "1")
    assert "required" in port
    assert page.inputs["config/zones/0/name"][0]["pattern"] == "^[a-z0-9\\-]+$"


def test_empty_optional_fields_are_left_out() -> None:
    form = SchemaForm(FIREWALL, "config")
    data = drawn(form).filled(
        **{"config/rules/0/port": "80", "config/level": ""}
    )
    found = SchemaForm(FIREWALL, "config", data=MultiValueDict(data))
    assert found.is_valid(), found.problems
    assert found.document == {
        "policy": "accept",
        "zones": [{"name": "zone-1"}],
        "rules": [{"zone": "zone-1", "port": 80}],
    }


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("config/rules/0/port", "", "This field is required."),
        ("config/rules/0/port", "many", "Enter a whole number."),
        ("config/rules/0/port", "0", "It must be 1 or more."),
        ("config/rules/0/zone", "moon", "There is no moon; there are: zone-1"),
        ("config/zones/0/name", "Ä", "characters that it may not have"),
        ("config/extra?json", "{", "This is not JSON."),
        ("config/policy", "", "Choose one."),
    ],
)
def test_what_is_wrong_is_said_next_to_its_field(
    name: str, value: str, sentence: str
) -> None:
    data = drawn(SchemaForm(FIREWALL, "config")).filled(
        **{"config/rules/0/port": "80"} | {name: value}
    )
    form = SchemaForm(FIREWALL, "config", data=MultiValueDict(data))
    assert not form.is_valid()
    (problem, *_) = form.problems
    assert sentence in problem.sentence
    page = drawn(form)
    field = page.inputs[name][0]
    assert field["id"] == problem.id
    assert field["aria-invalid"] == "true"
    assert f"{problem.id}-errors" in field["aria-describedby"]


def test_items_that_have_to_differ_in_a_field_are_told_apart() -> None:
    schema = {
        "type": "object",
        "properties": {
            "properties": {
                "type": "array",
                "x-unique": "key",
                "items": {
                    "type": "object",
                    "properties": {"key": {"type": "string"}},
                },
            }
        },
    }
    keys = [{"key": "a"}, {"key": "b"}, {"key": "a"}]
    form = SchemaForm(schema, "details", document={"properties": keys})
    assert not form.is_valid()
    (problem,) = form.problems
    assert problem.sentence == "No two of them may be the same."
    (field,) = drawn(form).inputs["details/properties/2/key"]
    assert field["id"] == problem.id


def test_what_the_service_refuses_is_said_next_to_its_field() -> None:
    form = SchemaForm(FIREWALL, "config")
    rest = form.refuse(
        {
            "$.service.config.rules[0].port": "It is taken.",
            "service/config/zones/0/name": "It is taken, too.",
            "$.service.config.rules[7].unheard": "Somewhere in there.",
            "$.service.device_id": "There is no such device.",
        },
        ("service", "config"),
    )
    assert rest == [("$.service.device_id", "There is no such device.")]
    found = {one.id: one.sentence for one in form.problems}
    assert found == {
        "config--rules--0--port": "It is taken.",
        "config--zones--0--name": "It is taken, too.",
        "config--rules": "Somewhere in there.",
    }
    assert [one.where for one in form.problems] == [
        "Zone 1, Name",
        "Rules",
        "Rule 1, Port",
    ]


def test_what_a_form_shares_with_others_is_left_to_them() -> None:
    form = SchemaForm(FIREWALL, "options")
    fields = {
        "$.template.policy": "Not now.",
        "$.template.interfaces[0].cidr": "It is somebody else's.",
        "$.template": "No.",
    }
    rest = form.refuse(fields, ("template",), shared=True)
    assert [path for path, _sentence in rest] == [
        "$.template.interfaces[0].cidr",
        "$.template",
    ]


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ({"format": "ipv4"}, ["10.20.1.30"], ["10.20.1.300", "1.2.3", "::1"]),
        (
            {"format": "ipv6"},
            ["::1", "2001:db8::1", "::ffff:192.0.2.1"],
            ["10.20.1.30", "2001:db8::1::2", "fe80::1%eth0", "12345::"],
        ),
        (
            {"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]},
            ["10.20.1.30", "2001:db8::1"],
            ["10.20.1.300", "www.example.org"],
        ),
        (
            {"format": "hostname"},
            ["localhost", "www.example.org", "10.20.1.30"],
            ["-a", "a..b", "a_b", "a" * 64, "a b"],
        ),
        ({"format": "date"}, ["2026-11-23"], ["23.11.2026"]),
        ({"format": "of a kind unheard of"}, ["anything"], []),
    ],
)
def test_a_text_has_the_format_that_its_schema_declares(
    wanted: Any, good: list[str], bad: list[str]
) -> None:
    where = {"type": "string", **wanted}
    schema = {"type": "object", "properties": {"where": where}}
    found = {}
    for text in [*good, *bad]:
        data = MultiValueDict({"config/where": [text]})
        form = SchemaForm(schema, "config", data=data)
        found[text] = form.is_valid()
        assert [one.id for one in form.problems] == (
            [] if found[text] else ["config--where"]
        )
    assert [text for text in found if found[text]] == good


def test_a_browser_is_told_the_formats_that_its_script_knows() -> None:
    both = [{"format": "ipv4"}, {"format": "ipv6"}]
    schema = {
        "type": "object",
        "properties": {
            "where": {"type": "string", "anyOf": both},
            "day": {"type": "string", "format": "date"},
            "host": {
                "type": "string",
                "format": "hostname",
                "x-sentence": "Give it a name.",
            },
        },
    }
    inputs = drawn(SchemaForm(schema, "config")).inputs
    (where,) = inputs["config/where"]
    assert where["data-format"] == "ipv4 ipv6"
    assert where["data-format-says"] == "It must be an IPv4 or IPv6 address."
    (host,) = inputs["config/host"]
    assert host["data-format-says"] == "Give it a name."
    assert "data-format" not in inputs["config/day"][0]


def test_items_may_be_missing_in_the_middle() -> None:
    data = QueryDict(
        "config/zones=0&config/zones/0/name=a&config/zones=7"
        "&config/zones/7/name=b&config/rules?list=1&config/policy=drop"
    )
    form = SchemaForm(FIREWALL, "config", data=data)
    assert form.document["zones"] == [{"name": "a"}, {"name": "b"}]
    assert form.document["rules"] == []


def test_what_is_sent_can_not_make_more_items_than_there_may_be() -> None:
    data = MultiValueDict({"config/zones": [str(one) for one in range(5000)]})
    form = SchemaForm(FIREWALL, "config", data=data)
    assert len(form.document["zones"]) <= 1000


@pytest.mark.parametrize(
    ("pattern", "shown"),
    [
        (r"^[a-z0-9-]+$", r"^[a-z0-9\-]+$"),
        (r"^\d{3}\-\d{4}$", r"^\d{3}-\d{4}$"),
        (r"^a\:\_\.\/b$", r"^a:_\.\/b$"),
        (r"^[a-z\_\-]+$", r"^[a-z_\-]+$"),
        (r"^[\w-.]+$", r"^[\w\-.]+$"),
        (r"^[a&&b!!]+$", r"^[a\&\&b\!\!]+$"),
        (r"^[(){}|/]$", r"^[\(\)\{\}\|\/]$"),
    ],
)
def test_a_pattern_is_written_as_browsers_compile_it(
    pattern: str, shown: str
) -> None:
    """With the flag ``v``, in which these are syntax errors."""
    text = {"type": "string", "pattern": pattern}
    form = SchemaForm({"type": "object", "properties": {"a": text}}, "config")
    nodes = {node.name: node for node in form.root}
    assert nodes["config/a"].attrs["pattern"] == shown


def test_an_item_that_is_named_often_is_one() -> None:
    often = ["0"] * 500
    data = MultiValueDict(
        {"config/rules": often, "config/rules/0/sources": often}
    )
    form = SchemaForm(FIREWALL, "config", data=data)
    assert len(form.document["rules"]) == 1


def test_a_list_of_what_it_is_in_has_a_form_to_begin_with() -> None:
    group = {
        "type": "object",
        "required": ["name", "groups"],
        "properties": {
            "name": {"type": "string"},
            "groups": {"type": "array", "items": {"$ref": "#"}},
        },
    }
    form = SchemaForm(group, "config")
    assert form.document == {"name": "", "groups": []}
    assert "config/groups" in {node.name for node in form.root}


@pytest.mark.parametrize("text", ["1e999", "[-1e999]", '"\\ud800"'])
def test_json_that_nobody_could_be_sent_is_none(text: str) -> None:
    schema = {"type": "object", "properties": {"any": {}}}
    data = MultiValueDict({"config/any?json": [text]})
    form = SchemaForm(schema, "config", data=data)
    assert not form.is_valid()
    assert drawn(form).data()["config/any?json"] == [text]


def test_nothing_that_is_shown_becomes_markup() -> None:
    evil = "</textarea><script>alert(1)</script>\"'{$ 1 $}"
    document = {"zones": [{"name": evil, "notes": evil + "\n"}]}
    form = SchemaForm(FIREWALL, "config", document=document)
    form.is_valid()
    html = render_to_string("servicevm/schema/_form.html", {"form": form})
    assert "<script" not in html
    assert drawn(form).data()["config/zones/0/name"] == [evil]


NAMES = st.sampled_from(
    [
        "config/zones",
        "config/zones/0/name",
        "config/zones/0/*",
        "config/zones?json",
        "config/rules",
        "config/rules?list",
        "config/rules/1",
        "config/rules/1/port",
        "config/rules/1/port?json",
        "config/rules/1/limit?on",
        "config/rules/1/limit/per_second",
        "config/rules/1/sources",
        "config/rules/1/sources/x",
        "config/level",
        "config/extra?json",
        "config?json",
        "config/*",
        "config/policy",
    ]
)
VALUES = TEXT | st.sampled_from(
    ["0", "1", "-1", "1e999", "NaN", "[", "[[[]]]", "{}", '{"*": 1}', "true"]
)


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=12))
def test_whatever_is_sent_can_be_shown_again(
    pairs: list[tuple[str, str]],
) -> None:
    data: MultiValueDict[str, str] = MultiValueDict()
    for name, value in pairs:
        data.appendlist(name, value)
    form = SchemaForm(FIREWALL, "config", data=data)
    assert form.is_valid() == (not form.problems)
    drawn(form)
