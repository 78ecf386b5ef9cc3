"""EC2 Auto Scaling: groups, lifecycle hooks, policies, schedules."""

from typing import Any

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, SeveralCalls
from rehearsal.offline.provider.services import autoscaling_group as group

PUT_HOOK = call("put_lifecycle_hook", whole=True)
PUT_POLICY = call("put_scaling_policy", whole=True)
PUT_SCHEDULE = SeveralCalls(run=group.put_schedule, inputs=group.SCHEDULE_INPUTS)


def member(kind: str, **more: Any) -> Resource:
    """What belongs to a group and is put as a whole."""
    return Resource(type=f"aws:autoscaling/{kind[0].lower()}{kind[1:]}:{kind}", service="autoscaling", **more)


RESOURCES = [
    Resource(
        type="aws:autoscaling/group:Group",
        service="autoscaling",
        create=call(
            "create_auto_scaling_group",
            VPCZoneIdentifier="{join(',', vpcZoneIdentifiers)}",
        ),
        id="name",
        read=(SeveralCalls(run=group.read),),
        update=(
            call(
                "update_auto_scaling_group",
                AutoScalingGroupName="{id}",
                inputs="capacityRebalance context defaultCooldown defaultInstanceWarmup desiredCapacity "
                "desiredCapacityType healthCheckGracePeriod healthCheckType instanceMaintenancePolicy "
                "launchTemplate "
                "maxInstanceLifetime maxSize minSize mixedInstancesPolicy protectFromScaleIn "
                "terminationPolicies",
            ),
            call(
                "update_auto_scaling_group",
                AutoScalingGroupName="{id}",
                inputs="",
                VPCZoneIdentifier="{join(',', vpcZoneIdentifiers)}",
            ),
            SeveralCalls(run=group.change_target_groups, inputs="targetGroupArns"),
            SeveralCalls(run=group.change_warm_pool, inputs="warmPool"),
        ),
        delete=SeveralCalls(run=group.delete),
        fixed="name",
        # Two of these steer waits and metrics that no stack asks for; states hold their defaults.
        local="forceDelete ignoreFailedScalingActivities metricsGranularity initialLifecycleHooks",
        only={"waitForCapacityTimeout": "0"},
        names={
            "name": "AutoScalingGroupName",
            "initialLifecycleHooks": "LifecycleHookSpecificationList",
            "initialLifecycleHooks.name": "LifecycleHookName",
            "launchTemplate.id": "LaunchTemplateId",
            "launchTemplate.name": "LaunchTemplateName",
            "protectFromScaleIn": "NewInstancesProtectedFromScaleIn",
        },
        state={"arn": "AutoScalingGroupARN", "warmPool": "WarmPoolConfiguration"},
        outputs="arn",
        defaults={
            "forceDelete": False,
            "ignoreFailedScalingActivities": False,
            "metricsGranularity": "1Minute",
            "protectFromScaleIn": False,
        },
        name=AutoName(),
        lasting_delete=True,
    ),
    member(
        "LifecycleHook",
        create=PUT_HOOK,
        id="name",
        read=(
            call(
                "describe_lifecycle_hooks",
                "LifecycleHooks[0]",
                AutoScalingGroupName="{autoscalingGroupName}",
                LifecycleHookNames=["{name}"],
            ),
        ),
        update=(PUT_HOOK,),
        delete=call(
            "delete_lifecycle_hook", AutoScalingGroupName="{autoscalingGroupName}", LifecycleHookName="{name}"
        ),
        fixed="name autoscalingGroupName",
        names={"name": "LifecycleHookName"},
        name=AutoName(),
    ),
    member(
        "Policy",
        create=PUT_POLICY,
        id="name",
        read=(
            call(
                "describe_policies",
                "ScalingPolicies[0]",
                AutoScalingGroupName="{autoscalingGroupName}",
                PolicyNames=["{name}"],
            ),
        ),
        update=(PUT_POLICY,),
        delete=call("delete_policy", AutoScalingGroupName="{autoscalingGroupName}", PolicyName="{name}"),
        fixed="name autoscalingGroupName",
        names={"name": "PolicyName"},
        state={"arn": "PolicyARN"},
        outputs="arn",
        defaults={"policyType": "SimpleScaling", "enabled": True},
        name=AutoName(),
    ),
    member(
        "Schedule",
        create=PUT_SCHEDULE,
        id="scheduledActionName",
        read=(
            call(
                "describe_scheduled_actions",
                "ScheduledUpdateGroupActions[0]",
                AutoScalingGroupName="{autoscalingGroupName}",
                ScheduledActionNames=["{scheduledActionName}"],
            ),
        ),
        update=(PUT_SCHEDULE,),
        delete=call(
            "delete_scheduled_action",
            AutoScalingGroupName="{autoscalingGroupName}",
            ScheduledActionName="{scheduledActionName}",
        ),
        fixed="scheduledActionName autoscalingGroupName",
        state={"arn": "ScheduledActionARN"},
        outputs="arn",
        name=AutoName(property="scheduledActionName"),
    ),
]
