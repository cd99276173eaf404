from servicevmclient import exceptions
from servicevmclient.osc import _errors


def test_an_error_says_what_why_where_what_next_and_the_request() -> None:
    error = exceptions.BadRequest(
        "two\nlines",
        title="Wrong.",
        hint="Mend it.",
        code="invalid_field",
        status=400,
        fields={"$.a": "It must be b."},
        request_id="req-1",
    )
    assert _errors.lines(error) == [
        "Error: Wrong.",
        "  why:   two\n         lines",
        "  field: $.a: It must be b.",
        "  next:  Mend it.",
        "  code:  invalid_field, request req-1",
    ]


def test_what_others_say_moves_no_terminal() -> None:
    error = exceptions.ResourceFailed("haproxy: \x1b]0;title\x07 no")
    assert "  why:   haproxy: ]0;title no" in _errors.lines(error)


def test_what_is_not_known_is_left_out() -> None:
    assert _errors.lines(exceptions.ServerError()) == [
        "Error: The service failed.",
        "  code:  internal_error",
    ]


def test_a_field_that_the_detail_names_is_told_once() -> None:
    error = exceptions.BadRequest(
        "The body: $.a: It is required. And 1 more, see fields.",
        fields={"$.a": "It is required.", "$.b": "It is required."},
    )
    assert [line for line in _errors.lines(error) if "field:" in line] == [
        "  field: $.b: It is required."
    ]
