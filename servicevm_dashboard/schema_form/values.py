"""Values of a document that JSON has no words for."""

from typing import Any

#: There is no such field in the document.
ABSENT: Any = object()


class Unread(str):
    """What somebody wrote where JSON was asked for, and that is none."""

    __slots__ = ()
