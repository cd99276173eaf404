from servicevm.relay.admission import SERIAL, Admission
from servicevm.relay.token_bucket import TokenBucket


def test_the_door_holds_so_many_and_no_more() -> None:
    door = Admission(3, 9)
    assert [door.enter(f"tcp:{n}") for n in range(4)] == [True] * 3 + [False]
    door.leave("tcp:0")
    assert door.enter("tcp:4")
    assert len(door) == 3


def test_one_address_holds_only_its_share() -> None:
    door = Admission(9, 2)
    assert [door.enter("tcp:a") for _ in range(3)] == [True, True, False]
    assert door.enter("tcp:b")
    door.leave("tcp:a")
    assert door.enter("tcp:a")


def test_serial_lines_share_no_address() -> None:
    door = Admission(9, 2)
    assert all(door.enter(SERIAL) for _ in range(9))
    assert not door.enter(SERIAL)


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(2.0, 3)
    assert [bucket.take(0.0) for _ in range(4)] == [True] * 3 + [False]
    assert [bucket.take(1.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(99.0) for _ in range(4)] == [True] * 3 + [False]
