"""What an instance refresh is told."""

from typing import Any

import pulumi
import pytest

from components.rollout.drive import without_firing
from tests.unit.components.paged import Paged
from tests.unit.components.rolled import replacement


def test_a_refresh_keeps_every_healthy_server_and_can_go_back() -> None:
    """Launch before terminate; alarms and the bake are AWS's to watch."""
    context: dict[str, Any] = dict(replacement().context)
    assert context["preferences"] == {
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 150,
        "InstanceWarmup": 60,
        "SkipMatching": True,
        "AutoRollback": True,
        "AlarmSpecification": {"Alarms": ["errors"]},
        "BakeTime": 300,
    }


class AlarmsOfEachState(Paged):
    """Has one alarm in each state."""

    def describe_alarms(self, NextToken: str | None = None, **_: Any) -> dict[str, Any]:
        """One a page, the one that fires on the second."""
        if NextToken:
            return {"MetricAlarms": [{"AlarmName": "errors", "StateValue": "ALARM"}]}
        return {"MetricAlarms": [{"AlarmName": "latency", "StateValue": "OK"}], "NextToken": "more"}


def test_an_alarm_that_fires_already_does_not_roll_back_what_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AWS rolls back every refresh that names one in ALARM. A warning names it; the others are watched."""
    warnings: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    preferences = {"AlarmSpecification": {"Alarms": ["errors", "latency"]}, "AutoRollback": True}
    assert without_firing(preferences, AlarmsOfEachState()) == {
        "AlarmSpecification": {"Alarms": ["latency"]},
        "AutoRollback": True,
    }
    assert without_firing({"AlarmSpecification": {"Alarms": ["errors"]}}, AlarmsOfEachState()) == {}
    assert warnings == ["in ALARM already, so not watched by this rollout: errors"] * 2
