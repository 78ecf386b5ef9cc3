"""When a scheduled action is due."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from moto.autoscaling.exceptions import ValidationError

from rehearsal.cloud.autoscaling import scheduled_actions
from rehearsal.cloud.autoscaling.scheduled_actions import check_sizes, next_time

NOW = datetime(2026, 3, 27, 18, 0, tzinfo=UTC)  # a Friday


def test_a_recurrence_is_in_its_own_time_zone() -> None:
    """07:30 in Berlin is 06:30 in UTC, and 05:30 once summer time has begun."""
    due = next_time("30 7 * * MON-FRI", "Europe/Berlin", start=None, end=None, after=NOW)
    assert due == datetime(2026, 3, 30, 5, 30, tzinfo=UTC)
    due = next_time("30 7 * * *", "Europe/Berlin", start=None, end=None, after=NOW)
    assert due == datetime(2026, 3, 28, 6, 30, tzinfo=UTC)


def test_a_recurrence_keeps_to_its_start_and_end() -> None:
    """Not before the one, and never after the other."""
    start, end = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
    assert next_time("0 12 * * *", None, start=start, end=end, after=NOW) == start.replace(hour=12)
    assert next_time("0 12 3 * *", None, start=start, end=end, after=NOW) is None


def test_without_a_recurrence_it_is_due_once() -> None:
    """At its start, even when that has just passed."""
    assert next_time(None, None, start=NOW, end=None, after=NOW) == NOW


def recurring(recurrence: str) -> Any:
    """What moto records of an action that sets a minimum alone."""
    return SimpleNamespace(
        auto_scaling_group_name="app",
        scheduled_action_name="morning",
        recurrence=recurrence,
        min_size=5,
        max_size=None,
        desired_capacity=None,
        start_time=None,
        end_time=None,
        time_zone=None,
    )


def test_sizes_that_contradict_each_other_are_refused() -> None:
    """Of those that are given; what is left out is the group's affair."""
    check_sizes(1, None, 3)
    check_sizes(None, 2, 2)
    for sizes in [(5, None, 3), (2, 1, None), (None, 4, 3)]:
        with pytest.raises(ValidationError):
            check_sizes(*sizes)


def test_an_action_that_cannot_be_done_changes_nothing_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group keeps its sizes, and a failed activity says why; suspended, there is not even that."""
    action = recurring("0 7 * * *")
    action.due = NOW
    group: Any = SimpleNamespace(
        name="app", min_size=1, max_size=3, desired_capacity=2, activities=[], suspended_processes=[]
    )
    backend = SimpleNamespace(scheduled_actions={"morning": action}, autoscaling_groups={"app": group})
    monkeypatch.setattr(scheduled_actions, "every", lambda _: [backend])
    scheduled_actions.run_due()
    assert (group.min_size, group.max_size, group.desired_capacity) == (1, 3, 2)
    [activity] = group.activities
    assert (activity.status_code, activity.status_message) == (
        "Failed",
        "Min size:5 must be less than or equal to max size:3",
    )
    group.suspended_processes.append({"ProcessName": "ScheduledActions"})
    action.due = NOW
    scheduled_actions.run_due()
    assert len(group.activities) == 1
    assert action.due > NOW


def test_a_date_that_never_comes_drops_the_action_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud goes on."""
    action = recurring("0 0 30 2 *")
    backend = SimpleNamespace(scheduled_actions={"never": action}, autoscaling_groups={})
    monkeypatch.setattr(scheduled_actions, "every", lambda _: [backend])
    scheduled_actions.run_due()
    assert backend.scheduled_actions == {}
