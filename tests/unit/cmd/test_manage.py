import sqlite3
from pathlib import Path

import pytest

from servicevm.cmd import manage
from servicevm.db import api, schema


def _run(state: Path, *words: str) -> int:
    try:
        return manage.main(["--state-dir", str(state), *words])
    finally:
        api.dispose()


def test_sync_makes_the_database_and_check_is_content(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    assert _run(state, "db", "sync") == 0
    assert _run(state, "db", "check") == 0
    assert _run(state, "db", "version") == 0
    head = schema.head()
    assert capsys.readouterr().out.splitlines() == [
        f"The database is at version {head}.",
        f"The database is at version {head}, as this release needs.",
        head,
    ]
    assert (state / "servicevm.sqlite").stat().st_mode & 0o777 == 0o600


def test_looking_does_not_make_a_database(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    assert _run(state, "db", "check") == 3
    assert "servicevm-manage db sync" in capsys.readouterr().out
    assert _run(state, "db", "version") == 0
    assert capsys.readouterr().out == "none\n"
    assert not state.exists()


def test_check_says_what_was_changed_by_hand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(tmp_path, "db", "sync")
    with sqlite3.connect(tmp_path / "servicevm.sqlite") as connection:
        connection.execute("ALTER TABLE tags ADD COLUMN extra INTEGER")
    connection.close()
    assert _run(tmp_path, "db", "check") == 3
    assert "extra" in capsys.readouterr().out


def test_purge_counts_what_it_deletes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(tmp_path, "db", "sync")
    capsys.readouterr()
    assert _run(tmp_path, "db", "purge", "--days", "7") == 0
    assert capsys.readouterr().out.splitlines() == [
        "operations: 0 deleted, older than 7 days",
        "events: 0 deleted, older than 7 days",
        "idempotency_keys: 0 deleted, older than 7 days",
    ]


def test_a_file_that_is_no_database_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "servicevm.sqlite").write_text("not a database" * 100)
    assert _run(tmp_path, "db", "check") == 1
    error = capsys.readouterr().err
    assert error.startswith("servicevm-manage: The database refuses")
    assert "Traceback" not in error


def test_no_image_says_how_to_build_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(tmp_path, "image", "show") == 1
    assert "servicevm-manage image build" in capsys.readouterr().err


def test_a_configuration_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none.conf")
    assert manage.main(["--config-file", missing, "db", "check"]) == 1
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["db"],
        ["db", "drop"],
        ["db", "purge", "--days", "-1"],
        ["db", "purge", "--days", "x"],
        ["db", "purge", "--days", "99999999999999"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_2(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        manage.main(words)
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert "usage: servicevm-manage" in err
    assert "_days" not in err


def test_a_database_of_a_newer_release_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(tmp_path, "db", "sync")
    with sqlite3.connect(tmp_path / "servicevm.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    capsys.readouterr()
    assert _run(tmp_path, "db", "check") == 3
    assert "db sync" not in capsys.readouterr().out
    assert _run(tmp_path, "db", "sync") == 1
    assert "Install the release that made it" in capsys.readouterr().err
