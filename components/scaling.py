"""When the group grows and shrinks."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws


@dataclass(frozen=True, kw_only=True, slots=True)
class ScalingArgs:
    """How much work a server is to have."""

    auto_scaling_group: pulumi.Input[str]
    balancer_arn_suffix: pulumi.Input[str]
    target_group_arn_suffix: pulumi.Input[str]
    target_cpu: int
    """Percent, on average over the group."""
    target_requests: int
    """Requests/s of one server."""


class Scaling(pulumi.ComponentResource):
    """Target tracking on requests and on CPU: the group is as large as the greater of the two wants.

    Makes: two `aws.autoscaling.Policy`.
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
                "target_value": float(args.target_cpu),
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
                "target_value": float(args.target_requests * 60),
            },
            opts=child,
        )
        self.register_outputs({})
