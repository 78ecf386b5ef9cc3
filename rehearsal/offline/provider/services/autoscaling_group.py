"""What an Auto Scaling group takes beside calls: target groups, a warm pool, schedules, draining."""

from typing import Any

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.mapping import arguments, to_api
from rehearsal.offline.provider.resource import Work


def read(work: Work) -> dict[str, Any] | None:
    """The group in Pulumi's form."""
    answer = work.api.describe_auto_scaling_groups(AutoScalingGroupNames=[work.id])
    # A group that is being deleted has a status.
    if not answer.get("AutoScalingGroups"):
        return None
    (group,) = answer["AutoScalingGroups"]
    subnets = group.get("VPCZoneIdentifier") or ""
    return {**group, "VpcZoneIdentifiers": subnets.split(",") if subnets else []}


def change_target_groups(work: Work) -> None:
    """Leaves those that are no longer named, joins the new ones."""
    old, new = work.old.get("targetGroupArns") or [], work.inputs.get("targetGroupArns") or []
    if gone := [arn for arn in old if arn not in new]:
        work.api.detach_load_balancer_target_groups(AutoScalingGroupName=work.id, TargetGroupARNs=gone)
    if fresh := [arn for arn in new if arn not in old]:
        work.api.attach_load_balancer_target_groups(AutoScalingGroupName=work.id, TargetGroupARNs=fresh)


PUT_POOL = call("put_warm_pool", inputs="", AutoScalingGroupName="{id}")


def change_warm_pool(work: Work) -> None:
    """Puts the group's warm pool as a whole, or deletes it with its servers."""
    wanted = work.inputs.get("warmPool")
    if wanted:
        request = to_api({"autoScalingGroupName": work.id, **wanted}, work.shape(PUT_POOL), {}, "warmPool")
        work.api.put_warm_pool(**request)
    else:
        delete_warm_pool(work)


def delete_warm_pool(work: Work) -> None:
    """Deletes the pool and waits until its servers are gone."""
    group = read(work)
    if group is None or not group.get("WarmPoolConfiguration"):
        return
    work.api.delete_warm_pool(AutoScalingGroupName=work.id, ForceDelete=True)

    def emptying() -> str | None:
        now = read(work)
        left = now.get("WarmPoolSize", 0) if now and now.get("WarmPoolConfiguration") else None
        return None if left is None else f"{left} servers of the warm pool end"

    work.wait(emptying)


SCHEDULE = call("put_scheduled_update_group_action")
SCHEDULE_INPUTS = (
    "autoscalingGroupName desiredCapacity endTime maxSize minSize recurrence scheduledActionName startTime"
    " timeZone"
)


def put_schedule(work: Work) -> dict[str, Any]:
    """Puts a scheduled action as a whole. A size of -1 is none, as in the official provider."""
    given = {
        key: work.inputs[key] for key in SCHEDULE_INPUTS.split() if work.inputs.get(key) not in (None, -1)
    }
    work.api.put_scheduled_update_group_action(**arguments(work.shape(SCHEDULE), SCHEDULE, {}, given, {}))
    return {}


def delete(work: Work) -> None:
    """Drains the group to no instances before it goes, unless `forceDelete` says otherwise."""
    delete_warm_pool(work)
    if work.inputs.get("forceDelete"):
        work.api.delete_auto_scaling_group(AutoScalingGroupName=work.id, ForceDelete=True)
        return
    work.api.update_auto_scaling_group(AutoScalingGroupName=work.id, MinSize=0, MaxSize=0, DesiredCapacity=0)

    def draining() -> str | None:
        group = read(work)
        left = len(group.get("Instances", [])) if group else 0
        return f"{left} instances drain" if left else None

    work.wait(draining)
    work.api.delete_auto_scaling_group(AutoScalingGroupName=work.id)
