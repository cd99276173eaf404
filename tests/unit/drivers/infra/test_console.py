from servicevm.drivers.infra.console import BoundedLog


def test_a_log_never_exceeds_its_bound_and_keeps_the_end(tmp_path) -> None:
    path = tmp_path / "console.log"
    log = BoundedLog(path, 4096)
    for number in range(2000):
        log.append(b"line %d\n" % number)
        assert path.stat().st_size <= 4096
    assert log.tail(10_000).endswith("line 1998\nline 1999\n")
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_write_beyond_the_bound_keeps_its_end(tmp_path) -> None:
    log = BoundedLog(tmp_path / "console.log", 4096)
    log.append(b"x" * 10_000 + b"end")
    assert log.tail(10_000) == "x" * 4093 + "end"


def test_a_tail_is_as_long_as_asked_for(tmp_path) -> None:
    log = BoundedLog(tmp_path / "console.log", 4096)
    log.append(b"0123456789")
    assert [log.tail(n) for n in (0, 3, 100)] == ["", "789", "0123456789"]


def test_bytes_that_are_no_text_do_no_harm(tmp_path) -> None:
    log = BoundedLog(tmp_path / "console.log", 4096)
    log.append(b"\xff\xfeok")
    assert log.tail(100).endswith("ok")


def test_a_log_that_was_never_written_is_empty(tmp_path) -> None:
    assert BoundedLog(tmp_path / "console.log", 4096).tail(100) == ""
