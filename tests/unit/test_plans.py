import pytest

from servicevm import plans
from servicevm.conductor.device_steps import DEVICE_STEPS
from servicevm.conductor.service_steps import SERVICE_STEPS


def test_every_step_of_every_plan_can_be_done_and_none_is_left_over():
    planned = {
        (resource_type, action, step)
        for (resource_type, action), steps in plans.PLANS.items()
        for step in steps
    }
    assert set(DEVICE_STEPS) | set(SERVICE_STEPS) == planned


@pytest.mark.parametrize(("resource_type", "action"), list(plans.PLANS))
def test_following_the_steps_goes_through_all_of_them(resource_type, action):
    step = plans.first_step(resource_type, action)
    seen = []
    while step is not None:
        seen.append(step)
        step = plans.next_step(resource_type, action, step)
    assert tuple(seen) == plans.steps_of(resource_type, action)
    assert len(set(seen)) == len(seen)


def test_a_step_that_is_not_in_the_plan_is_an_error():
    with pytest.raises(ValueError, match="tuple"):
        plans.next_step("device", "create", "purge")


def test_an_action_that_does_not_exist_is_an_error():
    with pytest.raises(KeyError):
        plans.first_step("device", "update")
