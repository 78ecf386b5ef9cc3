"""Replaces a group's servers by those of another launch template version, or leaves the old ones in service.

Not left to the group's provider: that gives the group its new configuration first, then starts the instance
refresh. By then the group already holds the bad configuration, so AWS's rollback has nothing to return to
(docs/adr/0009).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pulumi

from components.gates.aws_api import AwsApi
from components.gates.gate import GateClosed
from components.mixed_instances import MixedInstances
from components.rollout.decide import (
    Cancel,
    Done,
    Failed,
    GroupState,
    Nothing,
    RollBack,
    Start,
    decide,
    news,
    overdue,
    progress,
)
from components.rollout.last_words import last_words
from components.rollout.observe import ObservedGroup

POLL = 2.0
"""Seconds between two looks at the group."""
BARREN = 300
"""Seconds in which launches may all fail without a machine: AWS has none, or the account's quota is reached,
and neither is over within a rollout's time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replacement:
    """What the servers are to be, and how they are replaced."""

    auto_scaling_group: str
    instances: MixedInstances
    target_group_arn: pulumi.Input[str]
    log_group: pulumi.Input[str]
    """Of the servers."""
    rollback_alarms: Sequence[pulumi.Input[str]]
    """Names of alarms that roll an instance refresh back."""
    timeout: int
    """Seconds that replacing all servers may take, and rolling them back again."""
    api: AwsApi

    def check(self, *, launches_follow: bool) -> Callable[..., None]:
        """Called in a hook with `context`; raises `GateClosed` when the servers are not to be had."""
        return partial(
            replace,
            api=self.api,
            group=self.auto_scaling_group,
            timeout=self.timeout,
            launches_follow=launches_follow,
        )

    @property
    def context(self) -> Mapping[str, pulumi.Input[Any]]:
        """All is known before the group is touched."""
        settings = self.instances.settings
        return {
            "policy": self.instances.api_form,
            "version": self.instances.launch_template_version,
            "target_group_arn": self.target_group_arn,
            "log_group": self.log_group,
            "preferences": {
                "MinHealthyPercentage": 100,
                "MaxHealthyPercentage": settings.max_healthy_percentage,
                "InstanceWarmup": settings.instance_warmup,
                # A refresh that was cancelled halfway has replaced some already.
                "SkipMatching": True,
                "AutoRollback": True,
                "AlarmSpecification": {"Alarms": list(self.rollback_alarms)},
                **({"BakeTime": settings.bake_time} if settings.bake_time else {}),
            },
        }


def replace(
    *,
    api: AwsApi,
    group: str,
    timeout: int,
    launches_follow: bool,
    policy: Mapping[str, Any],
    version: str,
    target_group_arn: str,
    log_group: str,
    preferences: Mapping[str, Any],
    heartbeats: Mapping[str, int] | None = None,
) -> None:
    """Returns when all servers are healthy at `version`. `heartbeats`, by hook, are those that they need.

    With `launches_follow` also when none is in service: the group gets its new configuration only after this.
    """
    servers = ObservedGroup(
        autoscaling=api.client("autoscaling"),
        balancing=api.client("elbv2"),
        name=group,
        target_group_arn=target_group_arn,
        template=policy["LaunchTemplate"]["LaunchTemplateSpecification"]["LaunchTemplateId"],
        version=version,
    )
    deadline = time.monotonic() + timeout
    before: GroupState | None = None
    refused = shown = ""
    launched_at = time.monotonic()
    while True:
        state = servers.look()
        if not state.is_barren(version):
            launched_at = time.monotonic()
        for line in news(before, state, version):
            say(line)
        at = progress(state, version)
        step = decide(state, version)
        if time.monotonic() > deadline:
            late = f"it has not ended within {timeout} s: {at}"
            step = overdue(step, state, version, late, rolling_back=bool(refused))
        elif time.monotonic() - launched_at > BARREN:
            none = f"for {BARREN} s no launch has brought a machine"
            step = overdue(step, state, version, none, rolling_back=bool(refused))
        match step:
            case Done():
                say(f"all servers of {group} are healthy at version {version}")
                return
            case Nothing() if launches_follow:
                return
            case Failed():
                why = refused or step.reason
                raise GateClosed(
                    failure(state, api=api, group=group, version=version, log_group=log_group, why=why)
                )
            case Start():
                say(f"replacing the servers of {group} by version {version}")
                servers.raise_heartbeats(heartbeats or {})
                servers.start(policy, without_firing(preferences, api.client("cloudwatch")))
            case Cancel():
                say(f"cancelling the instance refresh to version {step.version}, which is under way")
                servers.cancel()
            case RollBack() if not refused:
                refused = step.reason
                say(f"rolling back: {refused}")
                servers.roll_back()
                deadline = time.monotonic() + timeout
        if at != shown:
            shown = at
            pulumi.log.info(f"rollout: {at}", ephemeral=True)
        before = state
        time.sleep(POLL)


def failure(state: GroupState, *, api: AwsApi, group: str, version: str, log_group: str, why: str) -> str:
    """Why, what a server of the new version says of it, and what serves now."""
    paragraphs = [f"The rollout of {group} to version {version} failed: {why}."]
    unready = [server.id for server in state.servers if server.version == version and not server.serves]
    if witnesses := [*state.failing, *state.refused, *unready]:
        paragraphs.append(last_words(api.client("logs"), log_group=log_group, instance=witnesses[0]))
    if state.hindrance:
        paragraphs.append(f"The last launch failed: {state.hindrance}")
    old = sum(server.serves and server.version != version for server in state.servers)
    if old:
        plural = "server of the previous version is" if old == 1 else "servers of the previous version are"
        paragraphs.append(f"{old} {plural} still serving traffic.")
    paragraphs.append("Fix the cause and run `pulumi up` again.")
    return "\n".join(paragraphs)


def without_firing(preferences: Mapping[str, Any], cloudwatch: Any) -> Mapping[str, Any]:
    """Leaves out the alarms that are in ALARM already: they would roll back even what fixes their cause."""
    names = preferences["AlarmSpecification"]["Alarms"]
    described = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=names) if names else ()
    firing = {
        alarm["AlarmName"]
        for page in described
        for alarm in page.get("MetricAlarms", [])
        if alarm["StateValue"] == "ALARM"
    }
    if not firing:
        return preferences
    pulumi.log.warn(f"in ALARM already, so not watched by this rollout: {', '.join(sorted(firing))}")
    others = {name: value for name, value in preferences.items() if name != "AlarmSpecification"}
    quiet = [name for name in names if name not in firing]
    return {**others, "AlarmSpecification": {"Alarms": quiet}} if quiet else others


def say(line: str) -> None:
    """A step that stays in the log."""
    pulumi.log.info(f"rollout: {line}")
