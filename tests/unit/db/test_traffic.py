"""Traffic out of totals that are lost, doubled, late and out of order."""

import random
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oslo_config import cfg

from servicevm import clock
from servicevm.db import api, models, traffic
from servicevm.db.traffic import COUNTERS, HOUR, Told
from tests.unit.db import rows

Sums = tuple[int, ...]


def span(service_id: str, **values: object) -> models.UsageSpan:
    return models.UsageSpan(
        **{
            "resource_type": "service",
            "resource_id": service_id,
            "device_id": rows.DEVICE,
            "project_id": "default",
            "resource_name": "web",
            "service_type": "loadbalancer",
            "vcpus": 0,
            "ram_mib": 0,
            "slots": 1,
            "started_at": 1,
        }
        | values
    )


@pytest.fixture
def service(
    database: cfg.ConfigOpts, monkeypatch: pytest.MonkeyPatch
) -> dict[str, int]:
    """The service of `rows`; gives the time, to be set."""
    told = {"us": 0}
    monkeypatch.setattr(clock, "now_us", lambda: told["us"])
    with api.writer() as session:
        session.add(span(rows.SERVICE))
    return told


def told(
    *totals: int,
    boot: str = "boot",
    service_id: str = rows.SERVICE,
    device_id: str = rows.DEVICE,
) -> Told:
    return Told(
        device_id, service_id, boot, dict(zip(COUNTERS, totals, strict=True))
    )


def tell(*some: Told) -> int:
    return api.write(lambda session: traffic.add(session, some))


def booked(service_id: str = rows.SERVICE) -> dict[int, Sums]:
    """Traffic by hour."""
    table = models.UsageTraffic
    with api.reader() as session:
        return {
            row.hour // HOUR: (row.connections, row.bytes_in, row.bytes_out)
            for row in session.scalars(
                sa.select(table).where(table.service_id == service_id)
            )
        }


def test_only_what_exceeds_the_highest_totals_is_traffic(
    service: dict[str, int],
) -> None:
    assert tell(told(1, 10, 100)) == 1
    assert tell(told(1, 10, 100)) == 0
    assert tell(told(0, 12, 90)) == 1
    assert tell(told(3, 12, 100)) == 1
    assert booked() == {0: (3, 12, 100)}


def test_traffic_is_of_the_hour_in_which_it_is_told(
    service: dict[str, int],
) -> None:
    for hour, total in ((0, 5), (1, 6), (1, 8), (7, 8), (8, 9)):
        service["us"] = hour * HOUR + 1
        tell(told(total, 0, 0))
    assert booked() == {0: (5, 0, 0), 1: (3, 0, 0), 8: (1, 0, 0)}


def test_another_boot_adds_to_what_was_before_it(
    service: dict[str, int],
) -> None:
    tell(told(5, 5, 5))
    tell(told(2, 2, 2, boot="next"), told(7, 5, 5))
    assert booked() == {0: (9, 7, 7)}


def test_a_device_tells_of_its_own_services_only(
    service: dict[str, int],
) -> None:
    other = "00000000-0000-4000-8000-00000000000f"
    assert tell(told(5, 5, 5, device_id=other)) == 0
    assert tell(told(5, 5, 5, service_id=other)) == 0
    assert booked() == {}
    assert booked(other) == {}


def test_what_several_conductors_hear_at_once_counts_once(
    service: dict[str, int],
) -> None:
    def hear(turn: int) -> None:
        tell(told(turn // 4, 5, 7), told(1, 1, 1, boot="next"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hear, range(24)))
    assert booked() == {0: (6, 6, 8)}


def test_what_is_told_of_a_service_that_is_gone_counts(
    service: dict[str, int],
) -> None:
    with api.writer() as session:
        session.execute(sa.update(models.UsageSpan).values(ended_at=2))
    tell(told(1, 1, 1))
    assert booked() == {0: (1, 1, 1)}


def test_totals_that_nobody_can_have_are_not_believed(
    service: dict[str, int],
) -> None:
    tell(told(2**63 - 1, 0, 0))
    tell(told(2**63 - 1, 0, 0, boot="next"))
    assert booked() == {0: (2 * traffic.MAX_TOTAL, 0, 0)}


def test_boots_are_bounded_and_those_of_long_ago_make_room(
    service: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic, "MAX_BOOTS", 2)
    for number, hour in enumerate((0, 1, 2)):
        service["us"] = hour * HOUR + 1
        tell(told(1, 0, 0, boot=f"b{number}"))
    assert booked() == {0: (1, 0, 0), 1: (1, 0, 0)}
    service["us"] = 24 * HOUR + 2
    tell(told(4, 0, 0, boot="b2"))
    assert booked()[24] == (4, 0, 0)
    with api.reader() as session:
        kept = session.scalars(sa.select(models.UsageCounter.boot_id)).all()
    assert sorted(kept) == ["b1", "b2"]


_COUNTS = st.lists(st.integers(0, 9), min_size=3, max_size=3)


@st.composite
def beats(draw: st.DrawFn) -> tuple[list[tuple[str, Sums]], Sums]:
    """What is told of a service over some boots, and what it has had."""
    told_of: list[tuple[str, Sums]] = []
    truth = [0, 0, 0]
    for boot in range(draw(st.integers(1, 3))):
        totals = [0, 0, 0]
        for grown in draw(st.lists(_COUNTS, min_size=1, max_size=6)):
            totals = [a + b for a, b in zip(totals, grown, strict=True)]
            told_of.append((f"b{boot}", tuple(totals)))
        truth = [a + b for a, b in zip(truth, totals, strict=True)]
    return told_of, tuple(truth)


@given(
    beats(),
    st.randoms(use_true_random=False),
    st.lists(st.integers(1, 4), min_size=1, max_size=60),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order_losses_and_doubles_give_the_truth(
    service: dict[str, int],
    told_of: tuple[list[tuple[str, Sums]], Sums],
    chance: random.Random,
    batches: list[int],
) -> None:
    sent, truth = told_of
    last = dict(sent)
    # Any but the last of a boot may be lost: the last is never lost alone,
    # since relays tell it until it is taken.
    kept = [
        one for one in sent if one in last.items() or chance.random() < 0.5
    ]
    arrived = kept + chance.sample(kept, len(kept) // 2)
    chance.shuffle(arrived)
    service_id = str(uuid.uuid4())
    with api.writer() as session:
        session.add(span(service_id))
    left: Sequence[tuple[str, Sums]] = arrived
    while left:
        size = chance.choice(batches)
        service["us"] += HOUR // 2
        tell(
            *(
                told(*sums, boot=boot, service_id=service_id)
                for boot, sums in left[:size]
            )
        )
        left = left[size:]
    hours = booked(service_id).values()
    assert tuple(map(sum, zip((0, 0, 0), *hours, strict=True))) == truth
