"""Two documents, side by side."""

from servicevm_dashboard.differences import differences


def test_documents_are_compared_as_deep_as_they_are_alike() -> None:
    found = list(
        differences({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}, 4], "c": 5})
    )
    assert found == [
        (("a", 1, "b"), 2, 3),
        (("a", 2), None, 4),
        (("c",), None, 5),
    ]
