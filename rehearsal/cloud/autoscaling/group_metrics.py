"""AWS/AutoScaling: the sizes of each group that collects its metrics."""

from collections.abc import Iterable
from typing import Any

from moto.autoscaling.models import autoscaling_backends

from rehearsal.cloud.body import every
from rehearsal.cloud.cloudwatch.metrics import MeasuredResource, datum


def measure() -> Iterable[MeasuredResource]:
    """Of this moment."""
    for backend in every(autoscaling_backends):
        for group in list(backend.autoscaling_groups.values()):
            dimensions = {"AutoScalingGroupName": group.name}
            yield MeasuredResource(
                account=backend.account_id,
                region=backend.region_name,
                namespace="AWS/AutoScaling",
                data=[
                    datum(name, dimensions, "None", value)
                    for name, value in _sizes(group).items()
                    if name in group.metrics
                ],
            )


def _sizes(group: Any) -> dict[str, int]:
    states = [state.lifecycle_state.partition(":")[0] for state in list(group.instance_states)]
    return {
        "GroupMinSize": group.min_size,
        "GroupMaxSize": group.max_size,
        "GroupDesiredCapacity": group.desired_capacity,
        "GroupInServiceInstances": states.count("InService"),
        "GroupPendingInstances": states.count("Pending"),
        "GroupTerminatingInstances": states.count("Terminating"),
        "GroupTotalInstances": len(states),
    }
