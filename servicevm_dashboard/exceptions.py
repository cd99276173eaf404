"""What can go wrong between a page and the service, in a user's words.

Named in ``ADD_EXCEPTIONS`` of the ``enabled`` files, so that Horizon's
`horizon.exceptions.handle` knows what to do with each.
"""

from collections.abc import Mapping


class ServicevmError(Exception):
    """The service refused, failed or gave no answer; the text says why.

    :param sentence: what went wrong, for people
    :param hint: what to do next; may be empty
    :param code: the service's stable reason code
    :param fields: path of each offending field to a sentence about it
    :param request_id: what to tell an operator
    """

    def __init__(
        self,
        sentence: str,
        *,
        hint: str = "",
        code: str = "",
        fields: Mapping[str, str] | None = None,
        request_id: str | None = None,
    ) -> None:
        self.sentence = sentence
        self.hint = hint
        self.code = code
        self.fields = dict(fields or {})
        self.request_id = request_id
        super().__init__(" ".join(filter(None, (sentence, hint))))


class NotFound(ServicevmError):
    """There is no such thing, or it is somebody else's."""


class Conflict(ServicevmError):
    """It contradicts the state that the thing is in."""


class Forbidden(ServicevmError):
    """Policy or a quota does not allow it."""


class Unavailable(ServicevmError):
    """The service gave no answer in time."""


class NotAuthenticated(ServicevmError):
    """The token is not accepted any more: log in again."""


NOT_FOUND = (NotFound,)
UNAUTHORIZED = (NotAuthenticated,)
RECOVERABLE = (ServicevmError,)
