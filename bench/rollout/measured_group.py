"""The group's servers while they are replaced: looked at all the time, in AWS's own words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3

from components.rollout.decide import ACTIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupLook:
    """How many servers are in which state. `at`: epoch seconds."""

    at: float
    desired: int
    healthy: int
    """For the load balancer."""
    booting: int
    leaving: int
    percentage: int | None
    """Of the instance refresh; None where none is under way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredRefresh:
    """The last instance refresh; times in epoch seconds, `boots` in seconds from launch to service."""

    status: str
    start: float
    end: float
    boots: tuple[float, ...]


class MeasuredGroup:
    """A deployed stack's servers through the API; one for each thread."""

    def __init__(self, outputs: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        session = boto3.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        endpoint = environment["AWS_ENDPOINT_URL"]
        self._autoscaling = session.client("autoscaling", endpoint_url=endpoint)
        self._balancing = session.client("elbv2", endpoint_url=endpoint)
        self._group = outputs["auto_scaling_group"]
        self._target_group = outputs["target_group"]

    def look(self) -> GroupLook:
        """Asks the cloud for the group, its targets' health and its latest refresh; not at one instant."""
        group = self._autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[self._group])
        (described,) = group["AutoScalingGroups"]
        states = [instance["LifecycleState"] for instance in described["Instances"]]
        targets = self._balancing.describe_target_health(TargetGroupArn=self._target_group)
        health = [target["TargetHealth"]["State"] for target in targets["TargetHealthDescriptions"]]
        refresh = self._latest()
        return GroupLook(
            at=time.time(),
            desired=described["DesiredCapacity"],
            healthy=health.count("healthy"),
            booting=sum(state.startswith("Pending") for state in states) + health.count("initial"),
            leaving=sum(state.startswith("Terminating") for state in states),
            percentage=refresh.get("PercentageComplete", 0) if refresh.get("Status") in ACTIVE else None,
        )

    def last_refresh(self) -> MeasuredRefresh:
        """Of one that has ended."""
        refresh = self._latest()
        activities = self._autoscaling.describe_scaling_activities(AutoScalingGroupName=self._group)
        boots = [
            (activity["EndTime"] - activity["StartTime"]).total_seconds()
            for activity in activities["Activities"]
            if activity["StartTime"] >= refresh["StartTime"]
            and activity["Description"].startswith("Launching")
            and activity["StatusCode"] == "Successful"
        ]
        return MeasuredRefresh(
            status=refresh["Status"],
            start=refresh["StartTime"].timestamp(),
            end=refresh["EndTime"].timestamp(),
            boots=tuple(boots),
        )

    def _latest(self) -> dict[str, Any]:
        answer = self._autoscaling.describe_instance_refreshes(AutoScalingGroupName=self._group, MaxRecords=1)
        latest: dict[str, Any] = next(iter(answer["InstanceRefreshes"]), {})
        return latest

    def settled(self) -> bool:
        """Whether it is so many healthy servers as it should be, and nothing else."""
        seen = self.look()
        return seen.healthy == seen.desired and not seen.booting and not seen.leaving
