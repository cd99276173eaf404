"""Random numbers for pauses."""

from servicevm_agent.chance import uniform


def test_numbers_are_between_the_bounds_and_differ() -> None:
    drawn = [uniform(0.8, 1.2) for _ in range(1000)]
    assert all(0.8 <= number <= 1.2 for number in drawn)
    assert min(drawn) < 0.85 < 1.15 < max(drawn)
    assert len(set(drawn)) == 1000
