"""An alarm's scaling policy in the moments when its record or its group is being changed."""

from types import SimpleNamespace
from typing import Any

import pytest
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import FakeScalingPolicy

from rehearsal.cloud.autoscaling import scaling_policies
from rehearsal.cloud.autoscaling.target_tracking import GroupSize

ALARM = SimpleNamespace(name="high")


def stage() -> tuple[Any, Any]:
    """A backend with one group, and its policy as moto stores it."""
    scaling_policies.patch_moto()
    policy: Any = FakeScalingPolicy.__new__(FakeScalingPolicy)
    policy.autoscaling_backend = SimpleNamespace(region_name="eu-west-1", account_id="1")
    policy.name, policy.auto_scaling_group_name = "cpu", "app"
    group = SimpleNamespace(name="app", status=None, suspended_processes=[], desired_capacity=1)
    return SimpleNamespace(policies={"cpu": policy}, autoscaling_groups={"app": group}), policy


def test_a_policy_without_its_alarms_does_nothing_yet() -> None:
    """It is given them a moment after it is stored."""
    backend, policy = stage()
    scaling_policies.execute(backend, policy.arn, ALARM)
    assert backend.autoscaling_groups["app"].desired_capacity == 1


def test_a_capacity_that_is_refused_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The group's sizes were changed between the decision and the call: the next evaluation decides again."""
    backend, policy = stage()
    policy.alarms = [{"AlarmName": "high"}, {"AlarmName": "low"}]
    asked = []

    def refuse(_group: Any, wanted: int, _cause: str) -> None:
        asked.append(wanted)
        raise ValidationError("Desired capacity:2 must be between")

    monkeypatch.setattr(scaling_policies, "_tracking", lambda *_: None)
    monkeypatch.setattr(
        scaling_policies, "_size", lambda *_: GroupSize(desired=1, warm=1, minimum=1, maximum=3)
    )
    monkeypatch.setattr(scaling_policies, "after_high", lambda *_: 2)
    monkeypatch.setattr(scaling_policies, "change_capacity", refuse)
    scaling_policies.execute(backend, policy.arn, ALARM)
    assert asked == [2]
