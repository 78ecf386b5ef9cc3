"""When the group grows and shrinks."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.server_settings import AppServersSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalingArgs:
    """How much work a server is to have, and whom to ask."""

    settings: AppServersSettings
    auto_scaling_group: pulumi.Input[str]
    balancer_arn_suffix: pulumi.Input[str]
    target_group_arn_suffix: pulumi.Input[str]


class Scaling(pulumi.ComponentResource):
    """Target tracking on requests and on CPU: the group is as large as the greater of the two wants.

    Schedules move the bounds that it keeps to.

    Makes: two `aws.autoscaling.Policy`, and an `aws.autoscaling.Schedule` for each of the schedules.
    """

    def __init__(self, name: str, args: ScalingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Scaling", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        aws.autoscaling.Policy(
            f"{name}-cpu",
            autoscaling_group_name=args.auto_scaling_group,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration={
                "predefined_metric_specification": {"predefined_metric_type": "ASGAverageCPUUtilization"},
                "target_value": float(args.settings.target_cpu),
            },
            opts=child,
        )
        aws.autoscaling.Policy(
            f"{name}-requests",
            autoscaling_group_name=args.auto_scaling_group,
            policy_type="TargetTrackingScaling",
            target_tracking_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "ALBRequestCountPerTarget",
                    "resource_label": pulumi.Output.concat(
                        args.balancer_arn_suffix, "/", args.target_group_arn_suffix
                    ),
                },
                # The metric counts a minute's.
                "target_value": float(args.settings.target_requests * 60),
            },
            opts=child,
        )
        for scheduled in args.settings.schedules:
            aws.autoscaling.Schedule(
                f"{name}-{scheduled.name}",
                scheduled_action_name=scheduled.name,
                autoscaling_group_name=args.auto_scaling_group,
                recurrence=scheduled.recurrence,
                time_zone=scheduled.time_zone,
                min_size=scheduled.min_size,
                max_size=scheduled.max_size,
                # Left out it would be 0 (Terraform's default); -1 leaves it within the bounds.
                desired_capacity=-1,
                opts=child,
            )
        self.register_outputs({})
