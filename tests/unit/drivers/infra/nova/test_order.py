"""The one file that a server gets at its first boot."""

import pytest

from servicevm.drivers.infra.nova.order import MAX_DOCUMENT, document_of
from servicevm.errors import PermanentError


def test_the_file_that_nova_writes_itself_is_left_to_it() -> None:
    files = {"meta_data.json": b"{}", "servicevm.json": b"ours"}
    assert document_of(files) == b"ours"


def test_no_file_is_none() -> None:
    assert document_of({}) == b""


def test_several_files_are_refused_by_name() -> None:
    with pytest.raises(PermanentError, match=r"a\.json, b\.json"):
        document_of({"a.json": b"", "b.json": b""})


def test_what_nova_would_cut_off_is_refused() -> None:
    assert document_of({"a": bytes(MAX_DOCUMENT)})
    with pytest.raises(PermanentError, match=str(MAX_DOCUMENT)):
        document_of({"a": bytes(MAX_DOCUMENT + 1)})
