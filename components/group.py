"""An Auto Scaling group and its targets, through the API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from components.fleet import ACTIVE, Fleet, Refresh, Server
from components.gate import GateClosed

INSTANCE = re.compile(r"\bi-[0-9a-f]+\b")
ENDED_MEANWHILE = {"ActiveInstanceRefreshNotFound", "IrreversibleInstanceRefresh"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Looks at a rollout to `version` and steers it; remembers what it has seen."""

    autoscaling: Any
    balancing: Any
    name: str
    target_group_arn: str
    version: str
    watched: set[str] = field(default_factory=set)
    """Ids of the refreshes seen under way: theirs is this deployment."""
    launched: set[str] = field(default_factory=set)
    """Ids of servers of the version."""
    healthy: set[str] = field(default_factory=set)
    """Those of them that were healthy once."""
    failing: dict[str, None] = field(default_factory=dict)
    """Those of these that were unhealthy later; in order."""

    def look(self) -> Fleet:
        """How it stands now."""
        group = self._describe()
        targets = self.balancing.describe_target_health(TargetGroupArn=self.target_group_arn)
        health = {one["Target"]["Id"]: one["TargetHealth"] for one in targets["TargetHealthDescriptions"]}
        servers = [server(one, health.get(one["InstanceId"], {})) for one in group["Instances"]]
        refresh = self._latest_refresh()
        activities = self.autoscaling.describe_scaling_activities(AutoScalingGroupName=self.name)
        self._remember(servers, activities["Activities"])
        return Fleet(
            desired=group["DesiredCapacity"],
            servers=servers,
            refresh=None if refresh is None else self._refresh(refresh, group),
            refused=self._refused(activities["Activities"], refresh),
            failing=list(self.failing),
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
        groups: list[dict[str, Any]] = answer["AutoScalingGroups"]
        if not groups:
            raise GateClosed(
                f"There is no Auto Scaling group {self.name}: run `pulumi refresh`, then `pulumi up`"
            )
        return groups[0]

    def _latest_refresh(self) -> dict[str, Any] | None:
        answer = self.autoscaling.describe_instance_refreshes(AutoScalingGroupName=self.name, MaxRecords=1)
        latest: dict[str, Any] | None = next(iter(answer["InstanceRefreshes"]), None)
        if latest and latest["Status"] in ACTIVE:
            self.watched.add(latest["InstanceRefreshId"])
        return latest

    def _refresh(self, latest: Mapping[str, Any], group: Mapping[str, Any]) -> Refresh:
        return Refresh(
            status=latest["Status"],
            percentage=latest.get("PercentageComplete", 0),
            reason=latest.get("StatusReason", ""),
            version=version(latest.get("DesiredConfiguration") or group),
            watched=latest["InstanceRefreshId"] in self.watched,
        )

    def _remember(self, servers: list[Server], activities: list[dict[str, Any]]) -> None:
        new = [server for server in servers if server.version == self.version]
        self.launched.update(server.id for server in new)
        self.healthy.update(server.id for server in new if server.serves)
        unhealthy = {server.id for server in new if server.in_service and server.health == "unhealthy"}
        # It may have been replaced between two looks.
        unhealthy |= {one for activity in activities if was_unhealthy(activity) for one in subjects(activity)}
        self.failing.update(dict.fromkeys(sorted(unhealthy & self.healthy)))

    def _refused(self, activities: list[dict[str, Any]], refresh: Mapping[str, Any] | None) -> list[str]:
        """While a refresh of this deployment's lasts, whatever is launched is of its version."""
        since = refresh["StartTime"] if refresh and refresh["InstanceRefreshId"] in self.watched else None
        return [
            one
            for activity in activities
            if failed_launch(activity)
            for one in subjects(activity)
            if one in self.launched or (since and activity["StartTime"] >= since)
        ]


def server(instance: Mapping[str, Any], health: Mapping[str, str]) -> Server:
    """One server from both APIs' words; one that is no target yet is `unused`."""
    return Server(
        id=instance["InstanceId"],
        version=instance.get("LaunchTemplate", {}).get("Version", ""),
        lifecycle=instance["LifecycleState"],
        health=health.get("State", "unused"),
        reason=health.get("Reason", ""),
    )


def version(configuration: Mapping[str, Any]) -> str:
    """The launch template's version that a group's or a refresh's configuration names."""
    policy = configuration.get("MixedInstancesPolicy")
    template = (
        policy["LaunchTemplate"]["LaunchTemplateSpecification"]
        if policy
        else configuration.get("LaunchTemplate", {})
    )
    return str(template.get("Version", ""))


def failed_launch(activity: Mapping[str, Any]) -> bool:
    """Whether a scaling activity is a launch that came to nothing: failed, or given up by its hook."""
    abandoned = "abandon" in activity.get("StatusMessage", "").lower()
    failed = activity["StatusCode"] == "Failed" or (activity["StatusCode"] == "Cancelled" and abandoned)
    return failed and activity["Description"].startswith("Launching")


def was_unhealthy(activity: Mapping[str, Any]) -> bool:
    """Whether a scaling activity is the replacement of a server that failed its health checks.

    In AWS's words "an instance was taken out of service in response to an ELB system health check failure".
    """
    return activity["Description"].startswith("Terminating") and "health check" in activity["Cause"]


def subjects(activity: Mapping[str, Any]) -> list[str]:
    """The server that a scaling activity is about; none where there was no machine to be had."""
    return INSTANCE.findall(activity["Description"])[:1]
