"""How many servers there are where not the deployment alone says so: schedules, a warm pool."""

from typing import Any

import boto3
import pytest

from testkit.checkout import Checkout, succeed
from testkit.deployment import Deployment
from testkit.waiting import eventually
from tests.rehearsal.test_deployment import NO_CHANGES, UP, healed

pytestmark = pytest.mark.long
STACK = "stacks/Pulumi.local.yaml"
SCHEDULED = """  evenkeel:app_servers:
    schedules: [{name: night, recurrence: "0 3 1 1 *", min_size: 1, max_size: 3}]
    warm_pool_size: 1
"""


@pytest.mark.usefixtures("aws_environment")
def test_what_a_schedule_set_is_left_alone_and_a_warm_pool_comes_and_goes(
    checkout: Checkout, deployment: Deployment
) -> None:
    """`pulumi refresh` notes the sizes of the hour and `up` keeps them, until there are no schedules."""
    autoscaling = boto3.client("autoscaling")
    name = deployment.outputs["auto_scaling_group"]

    def group() -> dict[str, Any]:
        described = autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
        found: dict[str, Any] = described["AutoScalingGroups"][0]
        return found

    def pool() -> list[str]:
        described = autoscaling.describe_warm_pool(AutoScalingGroupName=name)["Instances"]
        return [one["LifecycleState"] for one in described]

    before = group()["MinSize"], group()["MaxSize"]
    settings = (checkout.folder / STACK).read_text().replace("  evenkeel:app_servers:\n", SCHEDULED)
    with healed(checkout), checkout.changed(STACK, settings):
        succeed(checkout.pulumi(*UP))
        (scheduled,) = autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"]
        assert (scheduled["MinSize"], scheduled["MaxSize"], scheduled["TimeZone"]) == (1, 3, "UTC")
        assert "DesiredCapacity" not in scheduled
        assert eventually(lambda: pool() == ["Warmed:Stopped"], within=120)
        # What the action would do, had its time come.
        autoscaling.update_auto_scaling_group(AutoScalingGroupName=name, MinSize=1, MaxSize=3)
        succeed(checkout.pulumi("refresh", "--yes", "--stack", "local"))
        succeed(checkout.pulumi(*NO_CHANGES))
        assert (group()["MinSize"], group()["MaxSize"]) == (1, 3)
    assert (group()["MinSize"], group()["MaxSize"]) == before
    assert "WarmPoolConfiguration" not in group()
    assert autoscaling.describe_scheduled_actions()["ScheduledUpdateGroupActions"] == []
