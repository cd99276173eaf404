"""The use of periods: sums of overlaps, nothing twice, nothing lost."""

import itertools

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oslo_config import cfg

from servicevm import clock
from servicevm.db import api, models, usage_reports
from servicevm.db.traffic import HOUR
from servicevm.db.usage_reports import Period, Used
from tests.unit.db.test_traffic import span

NOW = 1000 * HOUR
EVER = Period(0, NOW)


@pytest.fixture(autouse=True)
def clock_stands(
    database: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now_us", lambda: NOW)


def device(device_id: str, **values: object) -> models.UsageSpan:
    taken = {"resource_type": "device", "service_type": None, "slots": 0}
    return span(device_id, **{**taken, "device_id": device_id, **values})


def traffic(
    service_id: str, hour: int, *sums: int, project_id: str = "default"
) -> models.UsageTraffic:
    connections, bytes_in, bytes_out = sums
    return models.UsageTraffic(
        service_id=service_id,
        hour=hour * HOUR,
        project_id=project_id,
        connections=connections,
        bytes_in=bytes_in,
        bytes_out=bytes_out,
    )


def add(*some: models.Base) -> None:
    with api.writer() as session:
        session.add_all(some)


def used(period: Period = EVER, project_id: str = "default") -> Used:
    with api.reader() as session:
        found = usage_reports.of_projects(session, [project_id], period)
    return found[project_id]


def test_what_lasts_is_used_until_now_however_long_the_period() -> None:
    add(
        device("d", vcpus=2, ram_mib=512, started_at=NOW - 10),
        span("s", slots=3, started_at=NOW - 4),
    )
    assert used(Period(0, NOW + HOUR)) == Used(10, 4, 20, 5120, 12)


def test_nothing_is_used_in_the_future() -> None:
    add(device("d", vcpus=2))
    assert used(Period(NOW + 1, NOW + HOUR)) == Used()


def test_sums_are_exact_beyond_64_bits() -> None:
    add(
        *(
            device(f"d{one}", ram_mib=2**40, started_at=0, ended_at=NOW)
            for one in range(3)
        ),
        *(traffic(f"s{one}", 1, 2**62, 2**53, 7) for one in range(5)),
    )
    found = used()
    assert found.ram_mib == 3 * 2**40 * NOW
    assert found.traffic == {
        "connections": 5 * 2**62,
        "bytes_in": 5 * 2**53,
        "bytes_out": 35,
    }


def test_an_hour_of_traffic_is_of_the_period_in_which_it_begins() -> None:
    add(traffic("s", 5, 1, 2, 3))
    at = 5 * HOUR
    assert used(Period(at, at + 1)).traffic["bytes_out"] == 3
    assert used(Period(at - HOUR, at)).traffic["bytes_out"] == 0
    assert used(Period(at + 1, at + 2 * HOUR)).traffic["bytes_out"] == 0


def test_pages_of_projects_have_those_that_used_something_once() -> None:
    add(
        device("d1", project_id="a", ended_at=5 * HOUR),
        device("d2", project_id="b", started_at=9 * HOUR),
        traffic("s1", 3, 1, 1, 1, project_id="c"),
        traffic("s2", 3, 1, 1, 1, project_id="a"),
        device("d3", project_id="d", started_at=2),
    )
    period = Period(2 * HOUR, 8 * HOUR)
    with api.reader() as session:
        assert usage_reports.projects(session, period, limit=2) == ["a", "c"]
        assert usage_reports.projects(session, period, limit=2, after="c") == [
            "d"
        ]
        assert usage_reports.projects(
            session, period, limit=2, before="d"
        ) == ["c", "a"]


def test_resources_are_those_that_used_something_with_their_last_span() -> (
    None
):
    add(
        device("d", vcpus=1, started_at=1, ended_at=5, resource_name="old"),
        device("d", vcpus=2, started_at=5, resource_name="new"),
        span("gone", started_at=1, ended_at=2),
        traffic("gone", 2, 1, 2, 3),
        device("other", project_id="another"),
    )
    period = Period(3, NOW)
    with api.reader() as session:
        found = usage_reports.resources(
            session, period, only=["default"], limit=9
        )
        assert found == ["d", "gone"]
        uses = usage_reports.of_resources(session, found, period)
        spans = usage_reports.latest_spans(session, found)
    assert uses["d"].vcpus == 2 + 2 * (NOW - 5)
    assert uses["gone"].traffic["bytes_out"] == 3
    span_of, first = spans["d"]
    assert (span_of.resource_name, first) == ("new", 1)


_MOMENT = st.integers(0, 50)
_SPANS = st.lists(
    st.tuples(_MOMENT, st.none() | st.integers(1, 40), st.integers(1, 4)),
    max_size=8,
)


@given(_SPANS, st.lists(_MOMENT, min_size=2, max_size=6, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_uses_of_periods_that_follow_each_other_are_the_use_of_all(
    spans: list[tuple[int, int | None, int]], bounds: list[int]
) -> None:
    with api.writer() as session:
        session.execute(sa.delete(models.UsageSpan))
        session.add_all(
            device(
                f"d{number}",
                vcpus=vcpus,
                started_at=began,
                ended_at=None if lasted is None else began + lasted,
            )
            for number, (began, lasted, vcpus) in enumerate(spans)
        )
    bounds.sort()

    def truth(start: int, end: int) -> tuple[int, int]:
        moments = [
            vcpus
            for began, lasted, vcpus in spans
            for at in range(start, end)
            if began <= at < (NOW if lasted is None else began + lasted)
        ]
        return len(moments), sum(moments)

    parts = [Period(*pair) for pair in itertools.pairwise(bounds)]
    found = [(one.devices, one.vcpus) for one in map(used, parts)]
    assert found == [truth(*part) for part in parts]
    whole = used(Period(bounds[0], bounds[-1]))
    assert (whole.devices, whole.vcpus) == tuple(
        map(sum, zip(*found, strict=True))
    )
