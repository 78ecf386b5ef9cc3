"""The servers that run the app, and how they are replaced."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.server_template import LAUNCHING_HOOK, TERMINATING_HOOK
from stacks.budgets import Timeline


@dataclass(frozen=True, kw_only=True, slots=True)
class AppServersArgs:
    """How many servers, where, and what must hold while they are replaced."""

    auto_scaling_group: str
    """Its name, which the launch template knows already."""
    launch_template_id: pulumi.Input[str]
    launch_template_version: pulumi.Input[str]
    instance_types: Sequence[str]
    """The first that is available is launched."""
    subnet_ids: Sequence[pulumi.Input[str]]
    target_group_arn: pulumi.Input[str]
    min_size: int
    max_size: int
    max_healthy_percentage: int
    rollback_alarms: Sequence[pulumi.Input[str]]
    """Names of alarms that roll an instance refresh back."""
    timeline: Timeline
    gates: Sequence[pulumi.Resource]
    """What must have passed before a server is launched or replaced."""


class AppServers(pulumi.ComponentResource):
    """An Auto Scaling group that launches before it terminates and rolls back what does not become healthy.

    Makes: `aws.autoscaling.Group`, and two `LifecycleHook`s.
    """

    auto_scaling_group: pulumi.Output[str]

    def __init__(self, name: str, args: AppServersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:AppServers", name, None, opts)
        times = args.timeline
        hooks = lifecycle_hooks(times)
        group = aws.autoscaling.Group(
            name,
            name=args.auto_scaling_group,
            min_size=args.min_size,
            max_size=args.max_size,
            vpc_zone_identifiers=args.subnet_ids,
            target_group_arns=[args.target_group_arn],
            health_check_type="ELB",
            health_check_grace_period=times.health_check_grace_period,
            default_instance_warmup=times.instance_warmup,
            min_elb_capacity=args.min_size,
            wait_for_capacity_timeout=f"{times.launching_heartbeat + times.health_check_grace_period}s",
            mixed_instances_policy=instances(args),
            instance_maintenance_policy={
                "min_healthy_percentage": 100,
                "max_healthy_percentage": args.max_healthy_percentage,
            },
            instance_refresh=refresh(args),
            # The first servers are launched before any resource beside the group could exist.
            initial_lifecycle_hooks=[
                {
                    "name": hook.name,
                    "lifecycle_transition": hook.lifecycle_transition,
                    "default_result": hook.default_result,
                    "heartbeat_timeout": hook.heartbeat_timeout,
                }
                for hook in hooks
            ],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=list(args.gates), ignore_changes=["initialLifecycleHooks"]
            ),
        )
        for hook in hooks:
            # The same hooks again: only these can be changed later.
            aws.autoscaling.LifecycleHook(
                f"{name}-{hook.name}",
                name=hook.name,
                autoscaling_group_name=group.name,
                lifecycle_transition=hook.lifecycle_transition,
                default_result=hook.default_result,
                heartbeat_timeout=hook.heartbeat_timeout,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.auto_scaling_group = group.name
        self.register_outputs({"auto_scaling_group": self.auto_scaling_group})


def instances(args: AppServersArgs) -> aws.autoscaling.GroupMixedInstancesPolicyArgsDict:
    """On demand, of the first type to be had, at the pinned version: a rollback must know where to go."""
    return {
        "launch_template": {
            "launch_template_specification": {
                "launch_template_id": args.launch_template_id,
                "version": args.launch_template_version,
            },
            "overrides": [{"instance_type": one} for one in args.instance_types],
        },
        "instances_distribution": {
            "on_demand_allocation_strategy": "prioritized",
            "on_demand_percentage_above_base_capacity": 100,
        },
    }


def refresh(args: AppServersArgs) -> aws.autoscaling.GroupInstanceRefreshArgsDict:
    """A changed template replaces every server, new ones first; an alarm or a failed launch takes it back."""
    return {
        "strategy": "Rolling",
        "preferences": {
            "min_healthy_percentage": 100,
            "max_healthy_percentage": args.max_healthy_percentage,
            "instance_warmup": str(args.timeline.instance_warmup),
            "auto_rollback": True,
            "alarm_specification": {"alarms": args.rollback_alarms},
        },
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Hook:
    """A lifecycle hook."""

    name: str
    lifecycle_transition: str
    default_result: str
    """What happens to a server that does not answer within the heartbeat."""
    heartbeat_timeout: int


def lifecycle_hooks(times: Timeline) -> list[Hook]:
    """A server that doesn't boot is given up; one that doesn't say it has drained goes all the same."""
    return [
        Hook(
            name=LAUNCHING_HOOK,
            lifecycle_transition="autoscaling:EC2_INSTANCE_LAUNCHING",
            default_result="ABANDON",
            heartbeat_timeout=times.launching_heartbeat,
        ),
        Hook(
            name=TERMINATING_HOOK,
            lifecycle_transition="autoscaling:EC2_INSTANCE_TERMINATING",
            default_result="CONTINUE",
            heartbeat_timeout=times.terminating_heartbeat,
        ),
    ]
