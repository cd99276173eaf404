"""What a resource declaration is made of."""

from collections.abc import Mapping
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

T = TypeVar("T")


class Body(Generic[T]):
    """One key of the JSON representation, as a read-only attribute.

    ``name = Body[str]()`` reads the key ``name``. A key that the service
    did not send (an older one, or ``fields=``) reads as None.
    """

    def __set_name__(self, owner: type["Resource"], name: str) -> None:
        self._key = name
        owner.fields = (*owner.fields, name)

    @overload
    def __get__(
        self, resource: None, owner: type["Resource"]
    ) -> "Body[T]": ...

    @overload
    def __get__(self, resource: "Resource", owner: type["Resource"]) -> T: ...

    def __get__(
        self, resource: "Resource | None", owner: type["Resource"]
    ) -> "Body[T] | T":
        if resource is None:
            return self
        return cast(T, resource.to_dict_view().get(self._key))


class Resource:
    """One representation as the service sent it; immutable.

    Two of the same type are equal if all that the service sent is equal.
    """

    #: envelope key of one, e.g. ``device``
    key: ClassVar[str]
    #: envelope key of many, e.g. ``devices``
    plural: ClassVar[str]
    #: path of the collection below the endpoint, e.g. ``/v1/devices``
    path: ClassVar[str]
    #: what a person calls one, e.g. ``device template``
    noun: ClassVar[str]
    #: the attribute that names one in a path
    identity: ClassVar[str] = "id"
    #: whether it has a name that ``find_*`` can look for
    named: ClassVar[bool] = True
    #: declared keys, in the order of their declaration
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        data: Mapping[str, Any],
        *,
        etag: str | None = None,
        last_request_id: str | None = None,
    ) -> None:
        self._data = dict(data)
        #: entity tag for ``if_match=``; None for one out of a list
        self.etag = etag
        #: id of the request that brought it
        self.last_request_id = last_request_id

    @property
    def ref(self) -> str:
        """What names it in a path: its id (a service type's name)."""
        return str(self._data[self.identity])

    def to_dict_view(self) -> Mapping[str, Any]:
        """What the service sent, not copied: do not change it."""
        return self._data

    def to_dict(self) -> dict[str, Any]:
        """A copy of what the service sent, undeclared keys included."""
        return dict(self._data)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._data == other._data

    __hash__ = None  # type: ignore[assignment]  # holds lists and dicts

    def __repr__(self) -> str:
        shown = self._data.get("name") or self._data.get(self.identity)
        return f"<{type(self).__name__} {shown}>"
