"""What an Auto Scaling group takes beside calls: capacity to wait for, instances to replace, draining."""

import re
from typing import Any

from botocore.exceptions import ClientError

from rehearsal.provider.errors import NotSettled
from rehearsal.provider.mapping import arguments, to_api
from rehearsal.provider.resource import call
from rehearsal.provider.values import Properties
from rehearsal.provider.work import Work

COUNTED = {
    "minSize",
    "desiredCapacity",
    "desiredCapacityType",
    "minElbCapacity",
    "waitForElbCapacity",
    "waitForCapacityTimeout",
}
"""Inputs after whose change the group's capacity is waited for."""
REFRESHED_BY = "launchTemplate mixedInstancesPolicy tags minSize maxSize desiredCapacity vpcZoneIdentifiers"
"""Inputs whose change may start an instance refresh: the first two always do, the others as `triggers`."""
DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s)")
SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def read(work: Work) -> dict[str, Any] | None:
    """The group in Pulumi's form."""
    answer = work.api.describe_auto_scaling_groups(AutoScalingGroupNames=[work.id])
    # A group that is being deleted has a status.
    if not answer.get("AutoScalingGroups"):
        return None
    (group,) = answer["AutoScalingGroups"]
    subnets = group.get("VPCZoneIdentifier") or ""
    return {
        **group,
        "VpcZoneIdentifiers": subnets.split(",") if subnets else [],
        "EnabledMetrics": [each["Metric"] for each in group.get("EnabledMetrics", [])],
        # A list of objects, not a mapping, unlike everywhere else.
        "Tags": [
            {name: tag[name] for name in ("Key", "Value", "PropagateAtLaunch")}
            for tag in group.get("Tags", [])
        ],
    }


def duration(text: str) -> float:
    """Seconds of `10m`, `1h30m` or `0`."""
    return sum(float(number) * SECONDS[unit] for number, unit in DURATION.findall(text))


def settle(work: Work) -> None:
    """Waits for the instances that the program asks for, healthy and in service."""
    limit = duration(str(work.inputs["waitForCapacityTimeout"]))
    if limit and work.changed & COUNTED:
        work.wait(lambda: missing_capacity(work), limit=limit)


def missing_capacity(work: Work) -> str | None:
    """What is missing for the group to have the capacity that the program waits for."""
    group = read(work)
    if group is None:
        return "not there yet"
    refuse_failures(work, group)
    serving = {
        each["InstanceId"]
        for each in group.get("Instances", [])
        if each["LifecycleState"] == "InService" and each["HealthStatus"] == "Healthy"
    }
    needed = int(max(work.inputs.get("desiredCapacity") or 0, work.inputs["minSize"]))
    if len(serving) < needed:
        return f"{len(serving)} of {needed} instances in service"
    exactly = work.inputs.get("waitForElbCapacity")
    balanced = int(exactly or work.inputs.get("minElbCapacity") or 0)
    if not balanced:
        return None
    healthy = len(healthy_targets(work, group) & serving)
    if healthy < balanced or (exactly and healthy != balanced):
        return f"{healthy} of {balanced} instances healthy at the load balancer"
    return None


def refuse_failures(work: Work, group: Properties) -> None:
    """A launch that failed since we began says so, rather than the time-out later."""
    if work.inputs["ignoreFailedScalingActivities"]:
        return
    activities = work.api.describe_scaling_activities(AutoScalingGroupName=work.id).get("Activities", [])
    for activity in activities:
        if activity["StatusCode"] == "Failed" and activity["StartTime"].timestamp() >= work.began:
            raise NotSettled(f"{activity['Description']}: {activity.get('StatusMessage', 'failed')}")


def healthy_targets(work: Work, group: Properties) -> set[str]:
    """Instances that every one of the group's target groups sends requests to."""
    balancing = work.cloud.client("elbv2", work.inputs.get("region"))
    healthy: list[set[str]] = []
    for arn in group.get("TargetGroupARNs", []):
        described = balancing.describe_target_health(TargetGroupArn=arn).get("TargetHealthDescriptions", [])
        healthy.append(
            {each["Target"]["Id"] for each in described if each["TargetHealth"]["State"] == "healthy"}
        )
    return set.intersection(*healthy) if healthy else set()


def change_tags(work: Work) -> None:
    """Tags of a group say for each whether its instances get it too."""
    old = {each["key"]: each for each in work.old.get("tags") or []}
    new = {each["key"]: each for each in work.inputs.get("tags") or []}
    here = {"ResourceId": work.id, "ResourceType": "auto-scaling-group"}
    if gone := [{**here, "Key": key} for key in old if key not in new]:
        work.api.delete_tags(Tags=gone)
    changed = [
        {**here, "Key": key, "Value": tag["value"], "PropagateAtLaunch": tag["propagateAtLaunch"]}
        for key, tag in new.items()
        if tag != old.get(key)
    ]
    if changed:
        work.api.create_or_update_tags(Tags=changed)


def change_target_groups(work: Work) -> None:
    """Leaves those that are no longer named, joins the new ones."""
    old, new = work.old.get("targetGroupArns") or [], work.inputs.get("targetGroupArns") or []
    if gone := [arn for arn in old if arn not in new]:
        work.api.detach_load_balancer_target_groups(AutoScalingGroupName=work.id, TargetGroupARNs=gone)
    if fresh := [arn for arn in new if arn not in old]:
        work.api.attach_load_balancer_target_groups(AutoScalingGroupName=work.id, TargetGroupARNs=fresh)


def change_metrics(work: Work) -> None:
    """Metrics of the group as a whole."""
    old, new = work.old.get("enabledMetrics") or [], work.inputs.get("enabledMetrics") or []
    if gone := [name for name in old if name not in new]:
        work.api.disable_metrics_collection(AutoScalingGroupName=work.id, Metrics=gone)
    if fresh := [name for name in new if name not in old]:
        work.api.enable_metrics_collection(
            AutoScalingGroupName=work.id, Metrics=fresh, Granularity=work.inputs["metricsGranularity"]
        )


PUT_POOL = call("put_warm_pool", inputs="", AutoScalingGroupName="{id}")


def change_warm_pool(work: Work) -> None:
    """Puts the group's warm pool as a whole, or deletes it with its servers."""
    wanted = work.inputs.get("warmPool")
    if wanted:
        made = to_api({"autoScalingGroupName": work.id, **wanted}, work.shape(PUT_POOL), {}, "warmPool")
        work.api.put_warm_pool(**made)
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


START_REFRESH = call("start_instance_refresh", inputs="preferences strategy", AutoScalingGroupName="{id}")
REFRESH_NAMES = {"preferences.scaleInProtectedInstances": "ScaleInProtectedInstances"}


def refresh_instances(work: Work) -> None:
    """Starts an instance refresh, as the official provider does: when the group is changed, without waiting.

    One that is under way is cancelled first.
    """
    refresh = work.inputs.get("instanceRefresh")
    replacing = {"launchTemplate", "mixedInstancesPolicy", *(refresh or {}).get("triggers", [])}
    # A group that was made just now has new instances.
    if not refresh or work.response or not work.changed & replacing:
        return
    wanted = arguments(
        work.shape(START_REFRESH),
        START_REFRESH,
        {"preferences": "Preferences", "strategy": "Strategy", **REFRESH_NAMES},
        {key: refresh[key] for key in refresh if key != "triggers"},
        work.scope,
    )
    if wanted.get("Preferences", {}).get("AutoRollback"):
        # The API asks for it then.
        names = [name for name in ("launchTemplate", "mixedInstancesPolicy") if name in work.inputs]
        update = call("create_auto_scaling_group")
        wanted["DesiredConfiguration"] = arguments(
            work.shape(update), update, work.entry.names, {name: work.inputs[name] for name in names}, {}
        )
    try:
        work.api.start_instance_refresh(**wanted)
    except ClientError as error:
        if error.response["Error"]["Code"] != "InstanceRefreshInProgress":
            raise
        cancel_refresh(work)
        work.api.start_instance_refresh(**wanted)


def cancel_refresh(work: Work) -> None:
    """Ends the refresh that is under way and waits until it has ended."""
    work.api.cancel_instance_refresh(AutoScalingGroupName=work.id)

    def running() -> str | None:
        refreshes = work.api.describe_instance_refreshes(AutoScalingGroupName=work.id, MaxRecords=1)[
            "InstanceRefreshes"
        ]
        status = refreshes[0]["Status"] if refreshes else "Cancelled"
        busy = ("Pending", "InProgress", "Cancelling", "RollbackInProgress")
        return f"the instance refresh before is {status}" if status in busy else None

    work.wait(running)


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
