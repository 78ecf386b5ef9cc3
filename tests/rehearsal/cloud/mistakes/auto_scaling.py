"""Auto Scaling groups, their hooks, schedules and policies."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

autoscaling = partial(Mistake, service="autoscaling")


def group(**members: Any) -> dict[str, Any]:
    """The members of CreateAutoScalingGroup."""
    return {
        "AutoScalingGroupName": "new",
        "MinSize": 0,
        "MaxSize": 1,
        "LaunchTemplate": {"LaunchTemplateId": "{template}", "Version": "$Latest"},
        "VPCZoneIdentifier": "{subnet}",
        **members,
    }


def hook(**members: Any) -> dict[str, Any]:
    """The members of PutLifecycleHook."""
    return {
        "LifecycleHookName": "new",
        "AutoScalingGroupName": "standing",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        **members,
    }


def schedule(**members: Any) -> dict[str, Any]:
    """The members of PutScheduledUpdateGroupAction."""
    return {"AutoScalingGroupName": "standing", "ScheduledActionName": "new", "MinSize": 0, **members}


def policy(**members: Any) -> dict[str, Any]:
    """The members of PutScalingPolicy."""
    return {
        "AutoScalingGroupName": "standing",
        "PolicyName": "new",
        "PolicyType": "TargetTrackingScaling",
        **members,
    }


AUTO_SCALING = (
    autoscaling(
        what="a version of a template that is no number",
        operation="StartInstanceRefresh",
        members={
            "AutoScalingGroupName": "standing",
            "DesiredConfiguration": {"LaunchTemplate": {"LaunchTemplateName": "standing", "Version": "*"}},
        },
        code="ValidationError",
    ),
    autoscaling(
        what="a policy with a version of a template that is not there",
        operation="UpdateAutoScalingGroup",
        members={
            "AutoScalingGroupName": "standing",
            "MixedInstancesPolicy": {
                "LaunchTemplate": {
                    "LaunchTemplateSpecification": {"LaunchTemplateName": "standing", "Version": "7"}
                }
            },
        },
        code="ValidationError",
    ),
    autoscaling(
        what="a policy without a template",
        operation="UpdateAutoScalingGroup",
        members={
            "AutoScalingGroupName": "standing",
            "MixedInstancesPolicy": {"InstancesDistribution": {"OnDemandBaseCapacity": 1}},
        },
        code="ValidationError",
    ),
    autoscaling(
        what="a refresh to a policy without a template",
        operation="StartInstanceRefresh",
        members={
            "AutoScalingGroupName": "standing",
            "DesiredConfiguration": {
                "MixedInstancesPolicy": {"InstancesDistribution": {"SpotMaxPrice": "0.1"}}
            },
        },
        code="ValidationError",
    ),
    autoscaling(
        what="a refresh to a template without a name",
        operation="StartInstanceRefresh",
        members={
            "AutoScalingGroupName": "standing",
            "DesiredConfiguration": {"LaunchTemplate": {"Version": "1"}},
        },
        code="ValidationError",
    ),
    autoscaling(
        what="a group of a launch configuration",
        operation="UpdateAutoScalingGroup",
        members={"AutoScalingGroupName": "standing", "LaunchConfigurationName": "old"},
        code="ValidationError",
    ),
    autoscaling(
        what="half of a maintenance policy",
        operation="CreateAutoScalingGroup",
        members=group(InstanceMaintenancePolicy={"MinHealthyPercentage": 100}),
        code="ValidationError",
    ),
    autoscaling(
        what="a maintenance policy whose limits are too far apart",
        operation="CreateAutoScalingGroup",
        members=group(InstanceMaintenancePolicy={"MinHealthyPercentage": 50, "MaxHealthyPercentage": 200}),
        code="ValidationError",
    ),
    autoscaling(
        what="a group's name of 256 characters",
        operation="CreateAutoScalingGroup",
        members=group(AutoScalingGroupName="g" * 256),
        code="ValidationError",
    ),
    autoscaling(
        what="a group smaller than its smallest",
        operation="CreateAutoScalingGroup",
        members=group(MinSize=2, MaxSize=1),
        code="ValidationError",
    ),
    autoscaling(
        what="a group without a maximum",
        operation="CreateAutoScalingGroup",
        members={key: value for key, value in group().items() if key != "MaxSize"},
        code="ValidationError",
    ),
    autoscaling(
        what="a group that launches nothing",
        operation="CreateAutoScalingGroup",
        members={key: value for key, value in group().items() if key != "LaunchTemplate"},
        code="ValidationError",
    ),
    autoscaling(
        what="a group of a launch template that is not there",
        operation="CreateAutoScalingGroup",
        members=group(LaunchTemplate={"LaunchTemplateId": "lt-0123456789abcdef0"}),
        code="ValidationError",
    ),
    autoscaling(
        what="a group in a subnet that is not there",
        operation="CreateAutoScalingGroup",
        members=group(VPCZoneIdentifier="subnet-0123456789abcdef0"),
        code="ValidationError",
    ),
    autoscaling(
        what="a group's targets that are not there",
        operation="CreateAutoScalingGroup",
        members=group(TargetGroupARNs=["{targets}0"]),
        code="ValidationError",
    ),
    autoscaling(
        what="a kind of health check that there is not",
        operation="CreateAutoScalingGroup",
        members=group(HealthCheckType="PING"),
        code="ValidationError",
    ),
    autoscaling(
        what="a termination policy that there is not",
        operation="CreateAutoScalingGroup",
        members=group(TerminationPolicies=["AnyInstance"]),
        code="ValidationError",
    ),
    autoscaling(
        what="a second group of a name",
        operation="CreateAutoScalingGroup",
        members=group(AutoScalingGroupName="standing"),
        code="AlreadyExists",
    ),
    autoscaling(
        what="more servers than a group may have",
        operation="SetDesiredCapacity",
        members={"AutoScalingGroupName": "standing", "DesiredCapacity": 9},
        code="ValidationError",
    ),
    autoscaling(
        what="a hook that waits ten seconds",
        operation="PutLifecycleHook",
        members=hook(HeartbeatTimeout=10),
        code="ValidationError",
    ),
    autoscaling(
        what="a hook of a transition that there is not",
        operation="PutLifecycleHook",
        members=hook(LifecycleTransition="autoscaling:EC2_INSTANCE_STOPPING"),
        code="ValidationError",
    ),
    autoscaling(
        what="a hook's result that there is not",
        operation="PutLifecycleHook",
        members=hook(DefaultResult="RETRY"),
        code="ValidationError",
    ),
    autoscaling(
        what="a hook of a group that is not there",
        operation="PutLifecycleHook",
        members=hook(AutoScalingGroupName="absent"),
        code="ValidationError",
    ),
    autoscaling(
        what="a cron expression of four fields",
        operation="PutScheduledUpdateGroupAction",
        members=schedule(Recurrence="0 8 * *"),
        code="ValidationError",
    ),
    autoscaling(
        what="a cron expression for hour 24",
        operation="PutScheduledUpdateGroupAction",
        members=schedule(Recurrence="0 24 * * *"),
        code="ValidationError",
    ),
    autoscaling(
        what="a time zone that there is not",
        operation="PutScheduledUpdateGroupAction",
        members=schedule(Recurrence="0 8 * * *", TimeZone="Europe/Atlantis"),
        code="ValidationError",
    ),
    autoscaling(
        what="a policy that tracks nothing",
        operation="PutScalingPolicy",
        members=policy(),
        code="ValidationError",
    ),
    autoscaling(
        what="a metric that there is not",
        operation="PutScalingPolicy",
        members=policy(
            TargetTrackingConfiguration={
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageMood"},
            }
        ),
        code="ValidationError",
    ),
    autoscaling(
        what="requests per target without the targets",
        operation="PutScalingPolicy",
        members=policy(
            TargetTrackingConfiguration={
                "TargetValue": 1.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ALBRequestCountPerTarget"},
            }
        ),
        code="ValidationError",
    ),
    autoscaling(
        what="a refresh that keeps 101 % healthy",
        operation="StartInstanceRefresh",
        members={"AutoScalingGroupName": "standing", "Preferences": {"MinHealthyPercentage": 101}},
        code="ValidationError",
    ),
    autoscaling(
        what="a refresh of a group that is not there",
        operation="StartInstanceRefresh",
        members={"AutoScalingGroupName": "absent"},
        code="ValidationError",
    ),
    autoscaling(
        what="the end of a refresh that is not there",
        operation="CancelInstanceRefresh",
        members={"AutoScalingGroupName": "standing"},
        code="ActiveInstanceRefreshNotFound",
    ),
    autoscaling(
        what="a warm pool of a state that there is not",
        operation="PutWarmPool",
        members={"AutoScalingGroupName": "standing", "PoolState": "Lukewarm"},
        code="ValidationError",
    ),
    autoscaling(
        what="a group that is not there",
        operation="DeleteAutoScalingGroup",
        members={"AutoScalingGroupName": "absent"},
        code="ValidationError",
    ),
)
