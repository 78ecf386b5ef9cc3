"""EC2 Auto Scaling: groups, their lifecycle hooks, policies and schedules."""

import re
from typing import Any

from rehearsal.provider.mapping import to_api
from rehearsal.provider.resource import AutoName, Call, Resource, Step, call
from rehearsal.provider.work import Work

GROUP_NAMES = {
    "name": "AutoScalingGroupName",
    "initialLifecycleHooks": "LifecycleHookSpecificationList",
    "initialLifecycleHooks.name": "LifecycleHookName",
}
REFRESHING = frozenset({"launchTemplate", "mixedInstancesPolicy"})
"""A change of these starts an instance refresh, where the group has one."""
SUBNETS = "{vpcZoneIdentifiers && join(',', vpcZoneIdentifiers)}"


def seconds(duration: str) -> float:
    """`1h10m5.5s`, as Go writes a duration."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", duration))


def describe(work: Work) -> dict[str, Any]:
    """The group, with its servers."""
    groups = work.api.describe_auto_scaling_groups(AutoScalingGroupNames=[work.id])["AutoScalingGroups"]
    found: dict[str, Any] = groups[0]
    return found


def wait_for_capacity(work: Work) -> None:
    """Until so many servers are in service, and healthy for the balancer."""
    work.timeout = seconds(work.inputs.get("waitForCapacityTimeout", "10m"))
    if work.timeout == 0:
        return
    wanted = work.inputs.get("minElbCapacity", 0)

    def missing() -> str | None:
        group = describe(work)
        in_service = sum(each["LifecycleState"] == "InService" for each in group["Instances"])
        healthy = healthy_targets(work, group["TargetGroupARNs"]) if wanted else 0
        if in_service >= group["DesiredCapacity"] and healthy >= wanted:
            return None
        states = ", ".join(sorted(each["LifecycleState"] for each in group["Instances"]))
        return f"{in_service} of {group['DesiredCapacity']} in service, {healthy} of {wanted} healthy ({states or 'none'})"

    work.wait(missing)


def healthy_targets(work: Work, target_groups: list[str]) -> int:
    """In the target group that has the fewest."""
    balancing = work.cloud.client("elbv2", work.inputs.get("region"))
    counts = [
        sum(
            each["TargetHealth"]["State"] == "healthy"
            for each in balancing.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        )
        for arn in target_groups
    ]
    return min(counts, default=0)


def update_group(work: Work) -> None:
    """Applies what differs, and starts the instance refresh that follows from it; it goes on by itself."""
    work.do(UPDATE, {key: work.inputs[key] for key in work.changed & work.inputs.keys()})
    settings = work.inputs.get("instanceRefresh")
    if work.old and settings and work.changed & (REFRESHING | set(settings.get("triggers", []))):
        start_refresh(work, settings)


def start_refresh(work: Work, settings: dict[str, Any]) -> None:
    """As the official provider does: with the template as the desired configuration where a rollback is wanted."""
    model = work.api.meta.service_model.operation_model("StartInstanceRefresh").input_shape
    preferences = settings.get("preferences", {})
    desired = {
        member: to_api(work.inputs[name], model.members["DesiredConfiguration"].members[member], {}, name)
        for name, member in (
            ("launchTemplate", "LaunchTemplate"),
            ("mixedInstancesPolicy", "MixedInstancesPolicy"),
        )
        if preferences.get("autoRollback") and name in work.inputs
    }
    work.api.start_instance_refresh(
        AutoScalingGroupName=work.id,
        Strategy=settings["strategy"],
        Preferences=to_api(preferences, model.members["Preferences"], {}, "instanceRefresh.preferences"),
        **({"DesiredConfiguration": desired} if desired else {}),
    )


def change_target_groups(work: Work) -> None:
    """Attaches and detaches."""
    old, new = set(work.old.get("targetGroupArns", [])), set(work.inputs.get("targetGroupArns", []))
    if old - new:
        work.api.detach_load_balancer_target_groups(
            AutoScalingGroupName=work.id, TargetGroupARNs=sorted(old - new)
        )
    if new - old:
        work.api.attach_load_balancer_target_groups(
            AutoScalingGroupName=work.id, TargetGroupARNs=sorted(new - old)
        )


def delete_group(work: Work) -> None:
    """Lets the servers drain first, unless the program forces it."""
    forced = work.inputs.get("forceDelete", False)
    if not forced:
        work.api.update_auto_scaling_group(
            AutoScalingGroupName=work.id, MinSize=0, MaxSize=0, DesiredCapacity=0
        )
        work.wait(lambda: f"{count} servers drain" if (count := len(describe(work)["Instances"])) else None)
    work.api.delete_auto_scaling_group(AutoScalingGroupName=work.id, ForceDelete=forced)


UPDATE = Call(
    operation="update_auto_scaling_group",
    params={"AutoScalingGroupName": "{id}", "VPCZoneIdentifier": SUBNETS},
)

RESOURCES = [
    Resource(
        type="aws:autoscaling/group:Group",
        service="autoscaling",
        create=call("create_auto_scaling_group", VPCZoneIdentifier=SUBNETS),
        id="name",
        read=(call("describe_auto_scaling_groups", "AutoScalingGroups[0]", AutoScalingGroupNames=["{id}"]),),
        update=(
            Step(run=change_target_groups, inputs="targetGroupArns"),
            Step(
                run=update_group,
                inputs="minSize maxSize desiredCapacity healthCheckType healthCheckGracePeriod defaultInstanceWarmup "
                "mixedInstancesPolicy launchTemplate instanceMaintenancePolicy vpcZoneIdentifiers instanceRefresh",
            ),
            Step(run=wait_for_capacity, inputs="minSize minElbCapacity waitForCapacityTimeout"),
        ),
        delete=Step(run=delete_group, inputs=""),
        fixed="name initialLifecycleHooks",
        local="minElbCapacity waitForCapacityTimeout forceDelete instanceRefresh initialLifecycleHooks",
        names=GROUP_NAMES,
        state={
            "arn": "AutoScalingGroupARN",
            "targetGroupArns": "TargetGroupARNs",
            "availabilityZones": "AvailabilityZones",
            "vpcZoneIdentifiers": lambda raw: raw["VPCZoneIdentifier"].split(","),
        },
        outputs="arn desiredCapacity availabilityZones",
        name=AutoName(),
        lasting_delete=True,
    ),
    Resource(
        type="aws:autoscaling/lifecycleHook:LifecycleHook",
        service="autoscaling",
        create=call("put_lifecycle_hook"),
        id="name",
        read=(
            call(
                "describe_lifecycle_hooks",
                "LifecycleHooks[0]",
                AutoScalingGroupName="{autoscalingGroupName}",
                LifecycleHookNames=["{id}"],
            ),
        ),
        update=(call("put_lifecycle_hook", whole=True),),
        delete=call(
            "delete_lifecycle_hook", AutoScalingGroupName="{autoscalingGroupName}", LifecycleHookName="{id}"
        ),
        fixed="name autoscalingGroupName",
        names={"name": "LifecycleHookName", "autoscalingGroupName": "AutoScalingGroupName"},
        name=AutoName(),
    ),
    Resource(
        type="aws:autoscaling/policy:Policy",
        service="autoscaling",
        create=call("put_scaling_policy"),
        id="name",
        read=(
            call(
                "describe_policies",
                "ScalingPolicies[0]",
                AutoScalingGroupName="{autoscalingGroupName}",
                PolicyNames=["{id}"],
            ),
        ),
        update=(call("put_scaling_policy", whole=True),),
        delete=call("delete_policy", AutoScalingGroupName="{autoscalingGroupName}", PolicyName="{id}"),
        fixed="name autoscalingGroupName",
        names={"name": "PolicyName", "autoscalingGroupName": "AutoScalingGroupName"},
        state={"arn": "PolicyARN"},
        outputs="arn",
        name=AutoName(),
    ),
]
