from servicevm.relay.beats import Beats, aged, batches

A, B = {"generation": 1}, {"generation": 2}


def test_only_the_latest_beat_of_a_device_is_told() -> None:
    beats = Beats()
    beats.add("d", 1, 100, {})
    beats.add("d", 1, 200, {})
    beats.add("e", 1, 150, {})
    assert beats.take() == [
        {"device_id": "d", "epoch": 1, "seen_at": 200},
        {"device_id": "e", "epoch": 1, "seen_at": 150},
    ]
    assert beats.take() == []


def test_reports_are_merged_since_each_is_sent_once() -> None:
    beats = Beats()
    beats.add("d", 1, 100, {"s": A, "t": A})
    beats.add("d", 1, 200, {"s": B})
    beats.add("d", 1, 300, {})
    (beat,) = beats.take()
    assert beat["services"] == {"s": B, "t": A}


def test_a_beat_of_an_older_session_is_ignored() -> None:
    beats = Beats()
    beats.add("d", 2, 100, {"s": A})
    beats.add("d", 1, 200, {"s": B})
    assert beats.take() == [
        {"device_id": "d", "epoch": 2, "seen_at": 100, "services": {"s": A}}
    ]


def test_a_newer_session_begins_afresh() -> None:
    beats = Beats()
    beats.add("d", 1, 100, {"s": A})
    beats.add("d", 2, 200, {})
    assert beats.take() == [{"device_id": "d", "epoch": 2, "seen_at": 200}]


def test_an_ended_session_no_longer_lives() -> None:
    beats = Beats()
    beats.add("d", 2, 100, {})
    beats.forget("d", 1)
    assert len(beats) == 1
    beats.forget("d", 2)
    assert len(beats) == 0


def test_what_was_not_delivered_is_told_again() -> None:
    beats = Beats()
    beats.add("d", 1, 100, {"s": A, "t": A})
    beats.add("e", 1, 100, {})
    taken = beats.take()
    beats.add("d", 1, 200, {"s": B})
    beats.give_back(taken)
    assert beats.take() == [
        {
            "device_id": "d",
            "epoch": 1,
            "seen_at": 200,
            "services": {"s": B, "t": A},
        },
        {"device_id": "e", "epoch": 1, "seen_at": 100},
    ]


def test_what_was_not_delivered_of_an_older_session_is_dropped() -> None:
    beats = Beats()
    beats.add("d", 1, 100, {"s": A})
    taken = beats.take()
    beats.add("d", 2, 200, {})
    beats.give_back(taken)
    assert beats.take() == [{"device_id": "d", "epoch": 2, "seen_at": 200}]


def test_invented_services_do_not_pile_up() -> None:
    beats = Beats()
    for turn in range(100):
        beats.add("d1", 1, turn, {f"s{turn}-{n}": {} for n in range(64)})
    (beat,) = beats.take()
    assert list(beat["services"]) == [f"s99-{n}" for n in range(64)]
    beats.add("d1", 1, 100, {"real": {}})
    beats.give_back([beat])
    (again,) = beats.take()
    assert len(again["services"]) == 64
    assert "real" in again["services"]


def test_conductors_are_told_ages_not_times() -> None:
    beats = Beats()
    beats.add("d", 1, 100, {"s": A})
    beats.add("e", 1, 400, {})
    taken = beats.take()
    assert aged(taken, 350) == [
        {
            "device_id": "d",
            "epoch": 1,
            "age_us": 250_000_000,
            "services": {"s": A},
        },
        {"device_id": "e", "epoch": 1, "age_us": 0},
    ]
    # They may have to be told again, and are older then.
    beats.give_back(taken)
    assert aged(beats.take(), 500)[0]["age_us"] == 400_000_000


def test_a_call_takes_many_beats_but_few_that_bring_news() -> None:
    plain = [{"device_id": str(n)} for n in range(5)]
    news = [{"device_id": str(n), "services": {}} for n in range(5, 10)]
    parts = batches([*plain, *news], most=4, most_news=2)
    assert [[beat["device_id"] for beat in part] for part in parts] == [
        ["0", "1", "2", "3"],
        ["4", "5", "6"],
        ["7", "8"],
        ["9"],
    ]
    assert batches([], most=4, most_news=2) == []
