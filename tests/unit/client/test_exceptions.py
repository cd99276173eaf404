import re

import pytest

from servicevmclient import exceptions
from servicevmclient.exit_codes import ExitCode


def _classes() -> dict[str, type[exceptions.ClientError]]:
    return {
        name: found
        for name, found in vars(exceptions).items()
        if isinstance(found, type)
        and issubclass(found, exceptions.ClientError)
    }


def test_every_exception_is_exported() -> None:
    assert sorted(_classes()) == exceptions.__all__


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    parents: list[str] = []
    drawn = {}
    for line in (exceptions.__doc__ or "").splitlines():
        found = re.match(r"^    ([ |]*)(\+- )?([A-Z]\w+) +", line)
        if found is None:
            continue
        depth = len(found[1]) // 4 + 1 if found[2] else 0
        parents[depth:] = [found[3]]
        drawn[found[3]] = parents[depth - 1] if depth else "Exception"
    real = {
        name: (found.__base__ or object).__name__
        for name, found in _classes().items()
    }
    assert drawn == real


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (exceptions.ServerError, ExitCode.ERROR),
        (exceptions.ConnectionFailed, ExitCode.ERROR),
        (exceptions.InvalidInput, ExitCode.USAGE),
        (exceptions.ConfigError, ExitCode.USAGE),
        (exceptions.NotFound, ExitCode.NOT_FOUND),
        (exceptions.AuthenticationFailed, ExitCode.AUTH),
        (exceptions.Forbidden, ExitCode.AUTH),
        (exceptions.Conflict, ExitCode.CONFLICT),
        (exceptions.PreconditionFailed, ExitCode.CONFLICT),
        (exceptions.MultipleMatches, ExitCode.CONFLICT),
        (exceptions.WaitTimeout, ExitCode.TIMED_OUT),
        (exceptions.ResourceFailed, ExitCode.RESOURCE_FAILED),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_error_decides_the_exit_code(
    kind: type[exceptions.ClientError], code: ExitCode
) -> None:
    assert kind.exit_code is code


def test_exit_codes_are_those_of_the_documentation() -> None:
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "ERROR": 1,
        "USAGE": 2,
        "NOT_FOUND": 3,
        "AUTH": 4,
        "CONFLICT": 5,
        "TIMED_OUT": 6,
        "RESOURCE_FAILED": 7,
    }


def test_every_error_has_all_attributes() -> None:
    error = exceptions.NotFound()
    assert (error.status, error.request_id, error.fields) == (None, None, {})
    assert error.code == "not_found"
    assert str(error) == error.detail == error.title
