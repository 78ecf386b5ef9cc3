"""Auto Scaling."""

import zoneinfo

from rehearsal.cloud.judge.documented.rule import Members, ValueRule, holds, matches, within

_AUTO_SCALING = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference"
_ASG = "autoscaling CreateAutoScalingGroup UpdateAutoScalingGroup"
_CRON_NAMES = {
    name: number
    for names, first in (
        ("jan feb mar apr may jun jul aug sep oct nov dec", 1),
        ("sun mon tue wed thu fri sat", 0),
    )
    for number, name in enumerate(names.split(), first)
}


def _is_time_zone(name: str) -> bool:
    return name in zoneinfo.available_timezones()


def _is_cron(text: str) -> bool:
    fields = text.split()
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    return len(fields) == len(limits) and all(
        _is_cron_field(field, *limit) for field, limit in zip(fields, limits, strict=True)
    )


def _is_cron_field(field: str, low: int, high: int) -> bool:
    for part in field.split(","):
        span, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            return False
        if span == "*":
            continue
        ends = [str(_CRON_NAMES.get(end.lower(), end)) for end in span.split("-")]
        if len(ends) > 2 or not all(end.isdecimal() and low <= int(end) <= high for end in ends):
            return False
    return True


def _sizes_fit(members: Members) -> bool:
    low, high = members.get("MinSize"), members.get("MaxSize")
    return low is None or high is None or low <= high


def _is_maintenance(policy: Members) -> bool:
    """Both percentages, or -1 for both, which takes the policy away."""
    low, high = policy.get("MinHealthyPercentage"), policy.get("MaxHealthyPercentage")
    if low is None or high is None:
        return False
    if -1 in (low, high):
        return bool(low == high)
    return bool(0 <= low <= 100 <= high <= 200 and high - low <= 100)


def _tracks_something(members: Members) -> bool:
    return members.get("PolicyType") != "TargetTrackingScaling" or "TargetTrackingConfiguration" in members


def _names_a_template(desired: Members) -> bool:
    return _is_named(desired["LaunchTemplate"]) if "LaunchTemplate" in desired else _has_a_template(desired)


def _has_a_template(members: Members) -> bool:
    policy = members.get("MixedInstancesPolicy", {})
    return _is_named(policy.get("LaunchTemplate", {}).get("LaunchTemplateSpecification", {}))


def _is_named(template: Members) -> bool:
    return bool(template.get("LaunchTemplateId") or template.get("LaunchTemplateName"))


AUTO_SCALING = (
    ValueRule(
        operations=_ASG,
        check=holds(_sizes_fit, "Min size must be less than or equal to max size"),
        page=f"{_AUTO_SCALING}/API_CreateAutoScalingGroup.html",
    ),
    ValueRule(
        operations=_ASG,
        check=holds(
            lambda members: not {"LaunchConfigurationName", "InstanceId"} & members.keys(),
            "Launch configurations are not available to new accounts: use a launch template",
        ),
        page="https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html",
    ),
    ValueRule(
        operations="autoscaling CreateAutoScalingGroup",
        check=holds(
            lambda members: bool(members.get("LaunchTemplate") or members.get("MixedInstancesPolicy")),
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or"
            " MixedInstancesPolicy parameter.",
        ),
        page=f"{_AUTO_SCALING}/API_CreateAutoScalingGroup.html",
    ),
    ValueRule(
        operations=_ASG,
        check=holds(
            lambda members: "MixedInstancesPolicy" not in members or _has_a_template(members),
            "Valid requests must contain either launchTemplateId or LaunchTemplateName",
        ),
        # The message is AWS' own: https://github.com/aws/aws-cli/issues/7281
        page=f"{_AUTO_SCALING}/API_LaunchTemplateSpecification.html",
    ),
    ValueRule(
        operations="autoscaling StartInstanceRefresh",
        member="DesiredConfiguration",
        check=holds(
            _names_a_template,
            "You must specify either the LaunchTemplateId or the LaunchTemplateName.",
        ),
        page=f"{_AUTO_SCALING}/API_LaunchTemplateSpecification.html",
    ),
    ValueRule(
        operations=_ASG,
        member="InstanceMaintenancePolicy",
        check=holds(
            _is_maintenance,
            "MinHealthyPercentage (0 to 100) and MaxHealthyPercentage (100 to 200) must both be given, at"
            " most 100 apart",
        ),
        page=f"{_AUTO_SCALING}/API_InstanceMaintenancePolicy.html",
    ),
    ValueRule(
        operations=_ASG,
        member="TerminationPolicies.*",
        check=matches(
            "Default|AllocationStrategy|ClosestToNextInstanceHour|NewestInstance|OldestInstance"
            "|OldestLaunchConfiguration|OldestLaunchTemplate|arn:aws[a-z-]*:lambda:.+",
            "Termination policy {value} is not valid",
        ),
        page="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html",
    ),
    *(
        ValueRule(
            operations=f"autoscaling {operation}",
            member=member,
            check=within(30, 7200),
            page=f"{_AUTO_SCALING}/API_PutLifecycleHook.html",
        )
        for operation, member in (
            ("PutLifecycleHook", "HeartbeatTimeout"),
            ("CreateAutoScalingGroup", "LifecycleHookSpecificationList.*.HeartbeatTimeout"),
        )
    ),
    ValueRule(
        operations="autoscaling PutScheduledUpdateGroupAction",
        member="Recurrence",
        check=holds(_is_cron, "Given recurrence string: {value} is invalid"),
        page="https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html",
    ),
    ValueRule(
        operations="autoscaling PutScheduledUpdateGroupAction",
        member="TimeZone",
        check=holds(_is_time_zone, "Given time zone: {value} is invalid"),
        page=f"{_AUTO_SCALING}/API_PutScheduledUpdateGroupAction.html",
    ),
    ValueRule(
        operations="autoscaling PutScalingPolicy",
        check=holds(_tracks_something, "TargetTrackingConfiguration is required for TargetTrackingScaling"),
        page=f"{_AUTO_SCALING}/API_PutScalingPolicy.html",
    ),
)
