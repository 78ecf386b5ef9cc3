"""The rollout: the `release` gate waits for the servers to be replaced, the `verified` gate asks them."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pulumi

from components.aws_api import AwsApi
from components.fleet import ACTIVE, Done, Failed, Fleet, Refresh, Server, Start, decide
from components.gate import Gate, GateArgs, GateClosed
from components.smoke import verify

POLL = 2.0
"""Seconds between two looks at the group."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RolloutArgs:
    """Which release, on which servers."""

    parameter_prefix: str
    """Path that the gates' parameters begin with, such as `/evenkeel/prod`."""
    release_sha256: str
    auto_scaling_group: pulumi.Input[str]
    launch_template_version: pulumi.Input[str]
    target_group_arn: pulumi.Input[str]
    max_healthy_percentage: int
    instance_warmup: int
    rollback_alarms: Sequence[pulumi.Input[str]]
    timeout: int
    """Seconds that replacing all servers may take."""
    url: pulumi.Input[str]
    """Of the app, through the balancer."""
    api: AwsApi


class Rollout(pulumi.ComponentResource):
    """Moves when all servers run the release, and again when they have answered for it.

    Makes two `Gate`s: `release` and `verified`.
    """

    release: pulumi.Output[str]
    verified: pulumi.Output[str]

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Rollout", name, None, opts)
        version = pulumi.Output.from_input(args.launch_template_version)
        release = Gate(
            f"{name}-release",
            GateArgs(
                parameter_name=f"{args.parameter_prefix}/release",
                description="The release that all servers run, and the launch template version that says so",
                value=version.apply(lambda number: f"{args.release_sha256} version {number}"),
                subject=args.auto_scaling_group,
                check=partial(
                    roll_out,
                    api=args.api,
                    since=datetime.now(UTC),
                    timeout=args.timeout,
                    preferences={
                        "MinHealthyPercentage": 100,
                        "MaxHealthyPercentage": args.max_healthy_percentage,
                        "InstanceWarmup": args.instance_warmup,
                        "AutoRollback": True,
                    },
                ),
                context={
                    "group": args.auto_scaling_group,
                    "version": version,
                    "target_group_arn": args.target_group_arn,
                    "alarms": args.rollback_alarms,
                },
            ),
            pulumi.ResourceOptions(parent=self),
        )
        verified = Gate(
            f"{name}-verified",
            GateArgs(
                parameter_name=f"{args.parameter_prefix}/verified",
                description="The release that answered through the load balancer",
                value=release.value,
                subject=args.url,
                check=partial(verify, release=args.release_sha256),
                context={"url": args.url},
            ),
            pulumi.ResourceOptions(parent=self, depends_on=[release]),
        )
        self.release, self.verified = release.value, verified.value
        self.register_outputs({"release": self.release, "verified": self.verified})


def roll_out(
    *,
    api: AwsApi,
    since: datetime,
    timeout: int,
    preferences: Mapping[str, Any],
    group: str,
    version: str,
    target_group_arn: str,
    alarms: Sequence[str],
) -> None:
    """The `release` gate's check: waits until all servers are healthy at `version`; starts it if need be."""
    servers = Servers(
        autoscaling=api.client("autoscaling"),
        balancing=api.client("elbv2"),
        group=group,
        target_group_arn=target_group_arn,
        since=since,
    )
    deadline, shown = time.monotonic() + timeout, ""
    while not isinstance(step := decide(servers.look(), version), Done):
        if isinstance(step, Failed):
            raise GateClosed(
                f"The rollout of {group} failed: {step.reason}. CloudWatch Logs has the servers' logs. "
                "Mend it and run `pulumi up` again."
            )
        if isinstance(step, Start):
            pulumi.log.info(f"rollout: replacing the servers of {group}")
            servers.refresh(version, {**preferences, "AlarmSpecification": {"Alarms": list(alarms)}})
        else:
            if step.progress != shown:
                shown = step.progress
                pulumi.log.info(f"rollout: {shown}", ephemeral=True)
            if time.monotonic() > deadline:
                raise GateClosed(
                    f"The rollout of {group} has not ended within {timeout} s: {step.progress}. It goes on; "
                    "`pulumi up` waits for it again. If servers start slowly, raise app_servers.start_time."
                )
        time.sleep(POLL)
    pulumi.log.info(f"rollout: all servers of {group} are healthy and run version {version}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Servers:
    """The group and its targets, through the API."""

    autoscaling: Any
    balancing: Any
    group: str
    target_group_arn: str
    since: datetime
    """When this deployment began."""
    watched: set[str] = field(default_factory=set)
    """Ids of the refreshes seen under way: theirs is this deployment, whatever the two clocks say."""

    def look(self) -> Fleet:
        """How it stands now."""
        group = self._describe()
        targets = self.balancing.describe_target_health(TargetGroupArn=self.target_group_arn)
        health = {one["Target"]["Id"]: one["TargetHealth"] for one in targets["TargetHealthDescriptions"]}
        return Fleet(
            desired=group["DesiredCapacity"],
            servers=[
                server(instance, health.get(instance["InstanceId"], {}))
                for instance in group["Instances"]
                if instance["LifecycleState"] == "InService"
            ],
            refresh=self._latest_refresh(),
        )

    def refresh(self, version: str, preferences: Mapping[str, Any]) -> None:
        """Starts to replace the servers by `version`; the group's own may be older, after a rollback."""
        policy = self._describe()["MixedInstancesPolicy"]
        policy["LaunchTemplate"]["LaunchTemplateSpecification"] = {
            "LaunchTemplateId": policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateId"],
            "Version": version,
        }
        started = self.autoscaling.start_instance_refresh(
            AutoScalingGroupName=self.group,
            DesiredConfiguration={"MixedInstancesPolicy": policy},
            Preferences=preferences,
        )
        self.watched.add(started["InstanceRefreshId"])

    def _describe(self) -> dict[str, Any]:
        answer = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])
        groups: list[dict[str, Any]] = answer["AutoScalingGroups"]
        if not groups:
            raise GateClosed(
                f"There is no Auto Scaling group {self.group}: run `pulumi refresh`, then `pulumi up`"
            )
        return groups[0]

    def _latest_refresh(self) -> Refresh | None:
        answer = self.autoscaling.describe_instance_refreshes(AutoScalingGroupName=self.group, MaxRecords=1)
        if not answer["InstanceRefreshes"]:
            return None
        latest = answer["InstanceRefreshes"][0]
        if latest["Status"] in ACTIVE:
            self.watched.add(latest["InstanceRefreshId"])
        return Refresh(
            status=latest["Status"],
            percentage=latest.get("PercentageComplete", 0),
            reason=latest.get("StatusReason", ""),
            recent=latest["InstanceRefreshId"] in self.watched or latest["StartTime"] >= self.since,
        )


def server(instance: Mapping[str, Any], health: Mapping[str, str]) -> Server:
    """One server from both APIs' words; one that is no target yet is `unused`."""
    return Server(
        id=instance["InstanceId"],
        version=instance.get("LaunchTemplate", {}).get("Version", ""),
        health=health.get("State", "unused"),
        reason=health.get("Reason", ""),
    )
