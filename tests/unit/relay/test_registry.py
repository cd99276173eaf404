from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from servicevm.relay.registry import Registry


@dataclass(eq=False)
class Held:
    device_id: str
    epoch: int


def test_a_newer_session_replaces_the_older_one() -> None:
    registry: Registry[Held] = Registry()
    old, new = Held("d", 1), Held("d", 2)
    assert registry.add(old) is None
    assert registry.add(new) is old
    assert registry.get("d") is new
    assert len(registry) == 1


def test_an_older_session_that_comes_late_is_the_one_to_close() -> None:
    registry: Registry[Held] = Registry()
    old, new = Held("d", 1), Held("d", 2)
    registry.add(new)
    assert registry.add(old) is old
    assert registry.get("d") is new


def test_the_end_of_an_older_session_leaves_the_newer_one() -> None:
    registry: Registry[Held] = Registry()
    old, new = Held("d", 1), Held("d", 2)
    registry.add(old)
    registry.add(new)
    registry.remove(old)
    assert registry.get("d") is new
    registry.remove(new)
    assert registry.get("d") is None


@given(
    st.lists(st.tuples(st.sampled_from("de"), st.integers(1, 9)), max_size=30)
)
def test_in_any_order_the_highest_epoch_speaks(
    arrivals: list[tuple[str, int]],
) -> None:
    registry: Registry[Held] = Registry()
    for device_id, epoch in arrivals:
        registry.add(Held(device_id, epoch))
    for device_id in "de":
        epochs = [epoch for device, epoch in arrivals if device == device_id]
        held = registry.get(device_id)
        assert (held.epoch if held else 0) == max(epochs, default=0)
