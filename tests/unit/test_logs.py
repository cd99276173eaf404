import logging
import re
import threading
from pathlib import Path

import pytest
from oslo_config import cfg
from oslo_context import context
from oslo_log import log

from servicevm import logs
from tests.unit.log_lines import kept

LOG = log.getLogger("servicevm.test")
ONE = "req-00000000-0000-4000-8000-000000000001"
TWO = "req-00000000-0000-4000-8000-000000000002"


def test_a_line_names_the_request_and_who_asked() -> None:
    with kept() as lines:
        with logs.about(
            ONE, global_request_id=TWO, user_id="alice", project_id="demo"
        ):
            LOG.info("Hello.")
        LOG.info("Bye.")
    pattern = (
        r"\S+ \S+ \d+ INFO servicevm\.test "
        rf"\[{TWO} {ONE} alice demo - - - -\] Hello\."
    )
    assert re.fullmatch(pattern, lines[0])
    assert lines[1].endswith(" INFO servicevm.test [-] Bye.")


def test_what_was_before_is_back_after() -> None:
    with logs.about(ONE):
        with logs.about(TWO):
            assert logs.request_id() == TWO
        with logs.about(None):
            assert logs.request_id() is None
        assert logs.request_id() == ONE
    assert logs.request_id() is None


def test_each_thread_has_its_own_request() -> None:
    found: list[str | None] = []
    with logs.about(ONE):
        thread = threading.Thread(
            target=lambda: found.append(logs.request_id())
        )
        thread.start()
        thread.join()
    assert found == [None]


def test_a_context_that_wants_not_to_be_the_threads_is_not() -> None:
    logs.leave()
    context.RequestContext(request_id=ONE, overwrite=False)
    assert logs.request_id() is None


@pytest.mark.parametrize(
    "wrong", ["req-1", f"{ONE}\n", "x" * 40, "req-" + "g" * 36]
)
def test_what_has_not_the_form_of_an_id_is_not_passed_on(wrong: str) -> None:
    with logs.about(wrong):
        assert logs.request_id() is None


def test_a_message_takes_the_request_along() -> None:
    with logs.about(
        ONE, global_request_id=TWO, user_id="alice", project_id="demo"
    ):
        told = logs.carried()
    assert logs.carried() == {}
    with kept() as lines, logs.about(None):
        logs.resume(told)
        LOG.info("Hello.")
    assert f"[{TWO} {ONE} alice demo " in lines[0]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"request_id": "x"},
        {"request_id": 7},
        {"request_id": f"{ONE}\n"},
        {"user_id": "alice"},
    ],
)
def test_a_message_of_no_request_is_nobodys(told: dict[str, object]) -> None:
    with kept() as lines, logs.about(TWO):
        logs.resume(told)
        LOG.info("Hello.")
    assert " [-] Hello." in lines[0]


def test_a_message_puts_nothing_else_into_the_log() -> None:
    with kept() as lines, logs.about(None):
        logs.resume({"request_id": ONE, "user_id": "a\nFAKE", "x": "y"})
        LOG.info("Hello.")
    assert f"{ONE} - - - - - -] Hello." in lines[0]


def test_the_log_goes_to_stderr_and_a_file_is_bounded(tmp_path: Path) -> None:
    conf = cfg.ConfigOpts()
    logs.register(conf)
    conf([], project="servicevm", default_config_files=[])
    assert conf.use_stderr
    assert conf.log_rotation_type == "size"
    assert conf.max_logfile_size_mb * conf.max_logfile_count <= 1024


def test_a_line_of_another_thread_can_name_the_request() -> None:
    with logs.about(ONE):
        told = {"context": context.get_current()}
    with kept() as lines:
        logging.getLogger("servicevm.test").info("Late.", extra=told)
    assert ONE in lines[0]
