"""What is ready shows an earlier state for a while, and is ready for good then."""

from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.slow import SLOW, STATES, SlowStates
from tests.unit.rehearsal.cloud.mean.moods import Always, MoodClock

TARGETS = JudgedCall(service="elbv2", operation="DescribeTargetHealth", members={})
REFRESHES = JudgedCall(service="autoscaling", operation="DescribeInstanceRefreshes", members={})


def target(state: str) -> dict[str, Any]:
    return {"TargetHealthDescriptions": [{"Target": {"Id": "i-1"}, "TargetHealth": {"State": state}}]}


def test_a_state_is_held_back_for_a_while_and_no_more_then() -> None:
    """What is not ready shows as it is all the time."""
    clock = MoodClock()
    slow = SlowStates(Always(1), clock)
    for state in ("initial", "unhealthy", "draining"):
        answer = target(state)
        assert not slow.hold_back(TARGETS, answer)
        assert answer == target(state)
    answer = target("healthy")
    assert slow.hold_back(TARGETS, answer)
    assert answer == target("initial")
    clock.now = SLOW[1]
    answer = target("healthy")
    assert not slow.hold_back(TARGETS, answer)
    assert answer == target("healthy")


def test_a_refresh_that_is_pending_has_not_started() -> None:
    """AWS knows neither its start nor its progress."""
    refresh = {
        "InstanceRefreshId": "one",
        "Status": "InProgress",
        "StartTime": "now",
        "PercentageComplete": 0,
    }
    answer = {"InstanceRefreshes": [refresh]}
    assert SlowStates(Always(1), MoodClock()).hold_back(REFRESHES, answer)
    assert answer == {"InstanceRefreshes": [{"InstanceRefreshId": "one", "Status": "Pending"}]}


def test_every_state_is_one_of_the_model() -> None:
    """Where the model lists them."""
    for (service, operation), state in STATES.items():
        shape = JudgedCall(service=service, operation=operation, members={}).model.output_shape
        assert shape is not None
        at: Any = shape.members[state.items].member  # type: ignore[attr-defined] # it is a list
        for name in state.at.split("."):
            at = at.members[name]
        if at.enum:
            assert {state.ready, *state.before} <= set(at.enum), operation
