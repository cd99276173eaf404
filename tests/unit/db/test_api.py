import threading

import pytest
from oslo_config import cfg
from oslo_db import exception

from servicevm.db import api, models
from tests.unit.db import rows


def test_a_row_that_points_nowhere_is_refused(
    database: cfg.ConfigOpts,
) -> None:
    with pytest.raises(exception.DBReferenceError), api.writer() as session:
        session.add(rows.device())


def test_a_writer_that_fails_leaves_nothing(database: cfg.ConfigOpts) -> None:
    def fail() -> None:
        with api.writer() as session:
            session.add(rows.template())
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with api.reader() as session:
        assert session.get(models.DeviceTemplate, rows.TEMPLATE) is None


def test_writers_queue_instead_of_failing(database: cfg.ConfigOpts) -> None:
    """Read, then write, from many threads: nothing is lost or locked out."""
    with api.writer() as session:
        session.add(rows.template(revision=0))
    failures: list[BaseException] = []

    def add(times: int) -> None:
        try:
            for _ in range(times):
                with api.writer() as session:
                    row = session.get_one(
                        models.DeviceTemplate,
                        rows.TEMPLATE,
                        with_for_update=True,
                    )
                    row.revision += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(20,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    with api.reader() as session:
        row = session.get_one(models.DeviceTemplate, rows.TEMPLATE)
        assert row.revision == 80


def test_a_reader_is_not_held_up_by_a_writer(
    database: cfg.ConfigOpts,
) -> None:
    with api.writer() as writing:
        writing.add(rows.template())
        writing.flush()
        with api.reader() as session:
            assert session.get(models.DeviceTemplate, rows.TEMPLATE) is None
    with api.reader() as session:
        assert session.get(models.DeviceTemplate, rows.TEMPLATE) is not None


def test_without_configure_the_error_says_so() -> None:
    api.dispose()
    with pytest.raises(RuntimeError, match="configure"), api.reader():
        pass
