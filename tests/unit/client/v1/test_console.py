import pytest

from servicevmclient import exceptions
from servicevmclient.v1._console import added, follow
from tests.unit.client.v1.clock import Clock

LOG = "".join(f"line {number} of a log\n" for number in range(20))


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        pytest.param("", "a\n", "a\n", id="first"),
        pytest.param("a\n", "a\n", "", id="nothing"),
        pytest.param("a\n", "a\nb\n", "b\n", id="grown"),
        pytest.param(LOG, LOG[50:] + "new", "new", id="moved"),
        pytest.param(LOG, LOG[50:], "", id="moved-only"),
        pytest.param("x" * 200, "x" * 150 + "y", "y", id="monotonous"),
        pytest.param(LOG, "another\n", "another\n", id="other"),
        pytest.param(LOG, "", "", id="emptied"),
        pytest.param(LOG, "\ufffd" + LOG[50:] + "é", "é", id="cut-begin"),
        pytest.param("\ufffd" + LOG, LOG[50:] + "n", "n", id="cut-before"),
        pytest.param(LOG + "\ufffd", LOG + "é\n", "é\n", id="cut-end"),
        pytest.param(LOG, LOG + "a\ufffd", "a", id="cut-end-now"),
        pytest.param(LOG, LOG[-10:] + "new", LOG[-10:] + "new", id="little"),
    ],
)
def test_what_is_new_is_found(before: str, after: str, new: str) -> None:
    assert added(before, after) == new


def test_a_log_is_followed_over_a_restart_of_the_service() -> None:
    answers: list[str | exceptions.ClientError] = [
        "a\n",
        exceptions.ConnectionFailed("gone"),
        exceptions.ServerError("proxy"),
        "a\nb\n",
        "",
        "a\nb\n",
        "new boot\n",
    ]

    def read() -> str:
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, exceptions.ClientError):
            raise found
        return found

    clock = Clock()
    texts = [*follow(read, timeout=60, clock=clock)]
    assert texts == ["a\n", "b\n", "new boot\n"]
    assert clock.now == 1060


def test_a_log_that_one_may_not_see_is_an_error() -> None:
    def read() -> str:
        raise exceptions.Forbidden("no")

    with pytest.raises(exceptions.Forbidden):
        next(follow(read))


def test_a_letter_that_is_half_written_is_yielded_whole_and_once() -> None:
    answers = ["\ufffda\n\ufffd", "a\né", "a\né\ufffd", "a\né\ufffdb"]

    def read() -> str:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    texts = follow(read, timeout=60, clock=Clock())
    assert "".join(texts) == "a\né\ufffdb"
