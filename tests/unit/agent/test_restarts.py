"""What is remembered of restarts, and for how long."""

from servicevm_agent.restarts import Restart, Restarts


def add(restarts: Restarts, number: int) -> Restart:
    made = Restart("s1", f"o{number}", "key")
    restarts.add(made)
    return made


def test_it_is_known_by_its_service_and_operation() -> None:
    restarts = Restarts(1)
    made = add(restarts, 1)
    assert restarts.find("s1", "o1") is made
    assert restarts.find("s1", "o2") is None
    assert restarts.find("s2", "o1") is None


def test_one_of_nobody_is_never_the_same() -> None:
    restarts = Restarts(1)
    restarts.add(Restart("s1", "", "key"))
    assert restarts.find("s1", "") is None


def test_one_that_failed_is_forgotten() -> None:
    restarts = Restarts(1)
    restarts.failed(add(restarts, 1))
    assert restarts.find("s1", "o1") is None


def test_the_oldest_of_many_is_forgotten() -> None:
    restarts = Restarts(1)
    made = [add(restarts, number) for number in range(100)]
    known = [restarts.find("s1", one.operation_id) for one in made]
    assert known == [None] * 35 + made[35:]
    restarts.failed(made[0])
