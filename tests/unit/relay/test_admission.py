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


def test_strangers_on_the_network_keep_no_serial_line_out() -> None:
    door = Admission(4, 2)
    assert [door.enter(f"tcp:{n}") for n in range(5)] == [True] * 4 + [False]
    assert door.enter(SERIAL)
    assert not door.enter("tcp:9")
    door.leave("tcp:0")
    assert door.enter("tcp:9")


def test_one_host_has_one_share_however_many_addresses_it_has() -> None:
    door = Admission(9, 2)
    wanted = [f"tcp:2001:db8:0:1::{n}" for n in range(1, 4)]
    assert [door.enter(one) for one in wanted] == [True, True, False]
    assert door.enter("tcp:2001:db8:0:2::1")
    assert door.enter("tcp:fe80::1%eth0")
    # IPv4 on a socket of IPv6: each is its own host.
    mapped = [f"tcp:::ffff:192.0.2.{n}" for n in range(3)]
    assert all(door.enter(one) for one in mapped)
    for one in mapped:
        door.leave(one)
    for one in [*wanted[:2], "tcp:2001:db8:0:2::1", "tcp:fe80::1%eth0"]:
        door.leave(one)
    assert len(door) == 0


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = TokenBucket(2.0, 3)
    assert [bucket.take(0.0) for _ in range(4)] == [True] * 3 + [False]
    assert [bucket.take(1.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(99.0) for _ in range(4)] == [True] * 3 + [False]
