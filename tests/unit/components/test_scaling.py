"""What makes the group larger and smaller."""

from components.scaling import Scaling, ScalingArgs
from components.server_settings import AppServersSettings, Schedule
from testkit.registered import register

SCHEDULE = "aws:autoscaling/schedule:Schedule"


def test_a_schedule_moves_the_bounds_and_leaves_the_capacity_between_them() -> None:
    """-1: left out, the official provider would set the capacity to 0."""
    morning = Schedule(
        name="morning", recurrence="0 7 * * MON-FRI", time_zone="Europe/Berlin", min_size=6, max_size=9
    )
    args = ScalingArgs(
        settings=AppServersSettings(schedules=[morning]),
        auto_scaling_group="kit",
        balancer_arn_suffix="app/kit/1",
        target_group_arn_suffix="targetgroup/kit/2",
    )
    made = register(lambda: Scaling("kit-scaling", args))
    assert made[SCHEDULE, "kit-scaling-morning"] == {
        "autoscalingGroupName": "kit",
        "scheduledActionName": "morning",
        "recurrence": "0 7 * * MON-FRI",
        "timeZone": "Europe/Berlin",
        "minSize": 6,
        "maxSize": 9,
        "desiredCapacity": -1,
    }
