"""What an instance refresh is told."""

from typing import Any

from tests.unit.components.rolled import replacement


def test_a_refresh_keeps_every_healthy_server_and_can_go_back() -> None:
    """Launch before terminate; alarms and the bake are AWS's to watch."""
    context: dict[str, Any] = dict(replacement().context)
    assert context["preferences"] == {
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 150,
        "InstanceWarmup": 60,
        "AutoRollback": True,
        "AlarmSpecification": {"Alarms": ["errors"]},
        "BakeTime": 300,
    }
