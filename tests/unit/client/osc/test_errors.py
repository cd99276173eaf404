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


def test_on_a_terminal_lines_break_between_words_and_ids_stay_whole() -> None:
    ids = ["f879c100-9832-4a3d-985b-9a175cbe5e69"] * 3
    error = exceptions.MultipleMatches(f"Two of them: {', '.join(ids)}.", ids)
    told = _errors.lines(error, 60)
    assert max(len(line) for line in told) <= 60
    assert sum(ids[0] in line for line in told) == 3
