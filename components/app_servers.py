"""The servers that run the app, and how they are replaced."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from budgets import Timeline
from components.gates.gate import CheckHook
from components.rollout.drive import Replacement
from components.rollout.smoke import Smoke
from components.server_settings import AppServersSettings
from components.server_template import LAUNCHING_HOOK, TERMINATING_HOOK


@dataclass(frozen=True, kw_only=True, slots=True)
class AppServersArgs:
    """How many servers, where, and what must hold while they are replaced."""

    settings: AppServersSettings
    auto_scaling_group: str
    """Its name, which the launch template knows already."""
    subnet_ids: Sequence[pulumi.Input[str]]
    target_group_arn: pulumi.Input[str]
    replacement: Replacement
    smoke: Smoke
    timeline: Timeline
    gates: Sequence[pulumi.Resource]
    """What must have passed before a server is launched or replaced."""


class AppServers(pulumi.ComponentResource):
    """An Auto Scaling group that launches before it terminates and rolls back what does not become healthy.

    Before the group is changed, its servers are replaced: when that fails, it keeps its configuration.

    Makes: `aws.autoscaling.Group`, and two `LifecycleHook`s.
    """

    auto_scaling_group: pulumi.Output[str]

    def __init__(self, name: str, args: AppServersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:AppServers", name, None, opts)
        times = args.timeline
        hooks = lifecycle_hooks(times)
        replaced = CheckHook(
            f"{name}-replace",
            args.replacement.check(launches_follow=True),
            # The hooks' own resources come after the group: too late for the servers that replace others.
            {**args.replacement.context, "heartbeats": {hook.name: hook.heartbeat_timeout for hook in hooks}},
        )
        visited = CheckHook(f"{name}-visit", args.smoke.before, args.smoke.context)
        group = aws.autoscaling.Group(
            name,
            name=args.auto_scaling_group,
            min_size=args.settings.min_size,
            max_size=args.settings.max_size,
            vpc_zone_identifiers=args.subnet_ids,
            target_group_arns=[args.target_group_arn],
            health_check_type="ELB",
            health_check_grace_period=times.health_check_grace_period,
            default_instance_warmup=times.instance_warmup,
            # The `release` gate waits for the servers, and shows what each of them waits for.
            wait_for_capacity_timeout="0",
            mixed_instances_policy=args.replacement.instances.policy,
            capacity_rebalance=args.settings.has_spot,
            warm_pool=warm_pool(args.settings.warm_pool_size),
            instance_maintenance_policy={
                "min_healthy_percentage": 100,
                "max_healthy_percentage": args.settings.max_healthy_percentage,
            },
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
                parent=self,
                depends_on=pulumi.Output.all(visited.known, replaced.known).apply(lambda _: list(args.gates)),
                # `pulumi refresh` notes the sizes of the hour; the next `up` must not take them back.
                ignore_changes=["initialLifecycleHooks"]
                + (["minSize", "maxSize"] if args.settings.schedules else []),
                hooks=pulumi.ResourceHookBinding(before_update=[visited, replaced]),
                custom_timeouts=pulumi.CustomTimeouts(delete=f"{deleted_within(times)}s"),
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


def deleted_within(times: Timeline) -> int:
    """Seconds until all servers have gone, with what they still answer; the provider's own 600 at least."""
    return max(600, times.deregistration_delay + times.terminating_heartbeat + 300)


def warm_pool(size: int) -> aws.autoscaling.GroupWarmPoolArgsDict | None:
    """So many servers that have booted once and cost only their disk.

    Both sizes, or else Auto Scaling fills the pool to the group's `max_size`, whatever its minimum.
    """
    if not size:
        return None
    return {"pool_state": "Stopped", "min_size": size, "max_group_prepared_capacity": size}


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
