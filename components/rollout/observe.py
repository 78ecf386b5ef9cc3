"""An Auto Scaling group and its targets, through the API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from components.gates.gate import GateClosed
from components.rollout.decide import ACTIVE, GroupState, RefreshState, ServerState

INSTANCE = re.compile(r"\bi-[0-9a-f]+\b")
NOT_YET = datetime.max.replace(tzinfo=UTC)
ENDED_MEANWHILE = {"ActiveInstanceRefreshNotFound", "IrreversibleInstanceRefresh"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedGroup:
    """Looks at a rollout to `version` and steers it; remembers what it has seen."""

    autoscaling: Any
    balancing: Any
    name: str
    target_group_arn: str
    template: str
    """Id of the launch template."""
    version: str
    watched: set[str] = field(default_factory=set)
    """Ids of the refreshes that this deployment saw in progress; it owns their outcome."""
    launched: set[str] = field(default_factory=set)
    """Ids of servers of the version."""
    healthy: set[str] = field(default_factory=set)
    """Those of them that were healthy once."""
    failing: dict[str, None] = field(default_factory=dict)
    """Those of these that were unhealthy later; in order."""
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When this deployment came here."""

    def look(self) -> GroupState:
        """How it stands now."""
        group = self._describe()
        targets = self.balancing.describe_target_health(TargetGroupArn=self.target_group_arn)
        health = {
            target["Target"]["Id"]: target["TargetHealth"]
            for target in targets.get("TargetHealthDescriptions", [])
        }
        servers = [
            server(instance, health.get(instance["InstanceId"], {}), self.template)
            for instance in group.get("Instances", [])
        ]
        refresh = self._latest_refresh()
        activities = self._activities(refresh)
        self._remember(servers, activities)
        return GroupState(
            desired=group["DesiredCapacity"],
            servers=servers,
            refresh=None if refresh is None else self._refresh(refresh, group),
            refused=self._refused(activities, refresh),
            failing=list(self.failing),
            hindrance=self._hindrance(activities, refresh),
        )

    def raise_heartbeats(self, heartbeats: Mapping[str, int]) -> None:
        """Gives servers at least so many seconds, by hook. Never fewer: a rollback launches old ones."""
        described = self.autoscaling.describe_lifecycle_hooks(AutoScalingGroupName=self.name)
        for hook in described.get("LifecycleHooks", []):
            name = hook["LifecycleHookName"]
            if heartbeats.get(name, 0) > hook["HeartbeatTimeout"]:
                self.autoscaling.put_lifecycle_hook(
                    AutoScalingGroupName=self.name,
                    LifecycleHookName=name,
                    LifecycleTransition=hook["LifecycleTransition"],
                    DefaultResult=hook["DefaultResult"],
                    HeartbeatTimeout=heartbeats[name],
                )

    def start(self, policy: Mapping[str, Any], preferences: Mapping[str, Any]) -> None:
        """Starts to replace the servers by those of a mixed instances policy.

        The group's own configuration stays until that has succeeded: it is what a rollback goes back to.
        """
        try:
            started = self.autoscaling.start_instance_refresh(
                AutoScalingGroupName=self.name,
                DesiredConfiguration={"MixedInstancesPolicy": policy},
                Preferences=preferences,
            )
        except ClientError as error:
            # Someone else was quicker: the next look sees to what.
            if error.response["Error"]["Code"] != "InstanceRefreshInProgress":
                raise
        else:
            self.watched.add(started["InstanceRefreshId"])

    def cancel(self) -> None:
        """Ends the refresh that is under way; what it has replaced stays so."""
        self._end(self.autoscaling.cancel_instance_refresh)

    def roll_back(self) -> None:
        """Has the refresh that is under way put the old servers back."""
        self._end(self.autoscaling.rollback_instance_refresh)

    def _end(self, how: Any) -> None:
        try:
            how(AutoScalingGroupName=self.name)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ENDED_MEANWHILE:
                raise

    def _describe(self) -> dict[str, Any]:
        answer = self.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        groups: list[dict[str, Any]] = answer.get("AutoScalingGroups", [])
        if not groups:
            raise GateClosed(
                f"There is no Auto Scaling group {self.name}: run `pulumi refresh`, then `pulumi up`"
            )
        return groups[0]

    def _latest_refresh(self) -> dict[str, Any] | None:
        answer = self.autoscaling.describe_instance_refreshes(AutoScalingGroupName=self.name, MaxRecords=1)
        latest: dict[str, Any] | None = next(iter(answer.get("InstanceRefreshes", [])), None)
        if latest and latest["Status"] in ACTIVE:
            self.watched.add(latest["InstanceRefreshId"])
        return latest

    def _activities(self, refresh: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """The latest first, back to when this deployment or its refresh began: AWS keeps six weeks'."""
        since = min(self.began, self._since(refresh) or NOT_YET)
        activities: list[dict[str, Any]] = []
        pages = self.autoscaling.get_paginator("describe_scaling_activities")
        for page in pages.paginate(AutoScalingGroupName=self.name):
            activities += page.get("Activities", [])
            if activities and activities[-1]["StartTime"] < since:
                break
        return activities

    def _refresh(self, latest: Mapping[str, Any], group: Mapping[str, Any]) -> RefreshState:
        return RefreshState(
            status=latest["Status"],
            percentage=latest.get("PercentageComplete", 0),
            reason=latest.get("StatusReason", ""),
            version=version(latest.get("DesiredConfiguration") or group, self.template),
            watched=latest["InstanceRefreshId"] in self.watched,
        )

    def _remember(self, servers: list[ServerState], activities: list[dict[str, Any]]) -> None:
        new = [server for server in servers if server.version == self.version]
        self.launched.update(server.id for server in new)
        self.healthy.update(server.id for server in new if server.serves)
        unhealthy = {server.id for server in new if server.in_service and server.health == "unhealthy"}
        # It may have been replaced between two looks.
        unhealthy |= {
            instance_id
            for activity in activities
            if was_unhealthy(activity)
            for instance_id in subjects(activity)
        }
        self.failing.update(dict.fromkeys(sorted(unhealthy & self.healthy)))

    def _refused(self, activities: list[dict[str, Any]], refresh: Mapping[str, Any] | None) -> list[str]:
        """While a refresh of this deployment's lasts, whatever is launched is of its version."""
        since = self._since(refresh)
        return [
            instance_id
            for activity in activities
            if failed_launch(activity)
            for instance_id in subjects(activity)
            if instance_id in self.launched or (since and activity["StartTime"] >= since)
        ]

    def _hindrance(self, activities: list[dict[str, Any]], refresh: Mapping[str, Any] | None) -> str:
        """Why the latest launch failed: no capacity for the instance type, say, or a quota was reached."""
        since = self._since(refresh)
        launches = (activity for activity in activities if is_launch(activity))
        latest = next((launch for launch in launches if not since or launch["StartTime"] >= since), None)
        return latest.get("StatusMessage", "") if latest and failed_launch(latest) else ""

    def _since(self, refresh: Mapping[str, Any] | None) -> datetime | None:
        """When this deployment's refresh began; None where there is none.

        AWS need not say so of one that is `Pending`. It has launched nothing, so it counts as later than any
        launch.
        """
        if refresh is None or refresh["InstanceRefreshId"] not in self.watched:
            return None
        began: datetime = refresh.get("StartTime", NOT_YET)
        return began


def server(instance: Mapping[str, Any], health: Mapping[str, str], template: str) -> ServerState:
    """One server from both APIs' words; one that is no target yet is `unused`."""
    return ServerState(
        id=instance["InstanceId"],
        version=named(instance.get("LaunchTemplate", {}), template),
        lifecycle=instance["LifecycleState"],
        health=health.get("State", "unused"),
        reason=health.get("Reason", ""),
    )


def named(specification: Mapping[str, Any], template: str) -> str:
    """A launch template's version; another template's with its id before it, since it is not the same."""
    number = str(specification.get("Version", ""))
    identity = specification.get("LaunchTemplateId", template)
    return number if identity == template else f"{identity}:{number}"


def version(configuration: Mapping[str, Any], template: str) -> str:
    """The launch template's version that a group's or a refresh's configuration names."""
    policy = configuration.get("MixedInstancesPolicy")
    specification = (
        policy["LaunchTemplate"]["LaunchTemplateSpecification"]
        if policy
        else configuration.get("LaunchTemplate", {})
    )
    return named(specification, template)


def failed_launch(activity: Mapping[str, Any]) -> bool:
    """Whether a scaling activity is a launch that came to nothing: failed, or given up by its hook.

    AWS cancels most: "Instance became unhealthy while waiting for instance to be in InService state".
    """
    message = activity.get("StatusMessage", "").lower()
    given_up = activity["StatusCode"] == "Cancelled" and (
        "abandon" in message or "became unhealthy" in message
    )
    failed = activity["StatusCode"] == "Failed" or given_up
    return failed and is_launch(activity)


def is_launch(activity: Mapping[str, Any]) -> bool:
    """Whether a scaling activity is a launch. Not every activity has a description."""
    return str(activity.get("Description", "")).startswith("Launching")


def was_unhealthy(activity: Mapping[str, Any]) -> bool:
    """Whether a scaling activity is the replacement of a server that failed its health checks.

    In AWS's words "an instance was taken out of service in response to an ELB system health check failure".
    In response to "an EC2 health check" it was lost, which is no release's fault.
    """
    described = str(activity.get("Description", ""))
    return described.startswith("Terminating") and "ELB system health check" in activity["Cause"]


def subjects(activity: Mapping[str, Any]) -> list[str]:
    """The server that a scaling activity is about; none where there was no machine to be had."""
    return INSTANCE.findall(activity.get("Description", ""))[:1]
