"""The judge finds what it is there to find."""

from tests.chaos.history import Change, judge


def change(seq: int, conn: str, **more: object) -> Change:
    values: dict[str, object] = {
        "operation": "op",
        "device": "d",
        "old_fence": 1,
        "fence": 1,
        "old_owner": "a",
        "owner": "a",
        "old_state": "RUNNING",
        "state": "RUNNING",
        "old_step": "boot",
        "step": "boot",
        **more,
    }
    return Change(seq=seq, conn=conn, **values)  # type: ignore[arg-type]


def claim(seq: int, conn: str, owner: str, fence: int) -> Change:
    return change(
        seq,
        conn,
        old_fence=fence - 1,
        fence=fence,
        old_owner=None,
        owner=owner,
        old_state="PENDING",
    )


def test_a_take_over_is_fine() -> None:
    wrong, counts = judge(
        [
            claim(1, "c1", "a", 1),
            change(2, "c1"),
            change(3, "c2", old_fence=1, fence=2, owner="b"),
            change(4, "c2", old_fence=2, fence=2, old_owner="b", owner="b"),
        ]
    )
    assert wrong == []
    assert counts["takeovers"] == 1
    assert counts["checkpoints"] == 2


def test_a_write_by_who_was_overtaken_is_found() -> None:
    wrong, _ = judge(
        [
            claim(1, "c1", "a", 1),
            change(2, "c2", old_fence=1, fence=2, owner="b"),
            change(3, "c1", old_fence=2, fence=2, old_owner="b", owner="b"),
        ]
    )
    assert len(wrong) == 1
    assert "wrote what b holds" in wrong[0]


def test_so_is_one_over_a_connection_that_never_claimed() -> None:
    wrong, _ = judge(
        [
            claim(1, "c1", "a", 1),
            change(2, "c3"),
            change(3, "c2", old_fence=1, fence=2, owner="b"),
            change(4, "c3", old_fence=2, fence=2, old_owner="b", owner="b"),
        ]
    )
    assert len(wrong) == 1
    assert "wrote what b holds" in wrong[0]


def test_a_fence_that_falls_is_found() -> None:
    wrong, _ = judge(
        [
            claim(1, "c1", "a", 2),
            change(2, "c1", old_fence=2, fence=1, old_state="WAITING"),
        ]
    )
    assert len(wrong) == 1
    assert "fell" in wrong[0]


def test_a_fence_that_is_given_twice_is_found() -> None:
    wrong, _ = judge([claim(1, "c1", "a", 1), claim(2, "c2", "b", 1)])
    assert len(wrong) == 1
    assert "given twice" in wrong[0]


def test_a_claim_may_end_what_it_claims_in_the_same_write() -> None:
    ended = change(
        1,
        "c1",
        old_fence=1,
        fence=2,
        old_owner=None,
        owner=None,
        old_state="WAITING",
        state="SUPERSEDED",
    )
    assert judge([ended])[0] == []
    again = claim(2, "c2", "b", 2)
    assert judge([ended, again])[0] == [
        "operation op (line 2): fence 2 was given twice"
    ]
