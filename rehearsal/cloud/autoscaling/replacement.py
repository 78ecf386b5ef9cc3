"""Replaces members of an Auto Scaling group outside an instance refresh: for health, rebalance, age, zones.

With an instance maintenance policy the new one is launched first, whatever the reason; without one, AWS
terminates unhealthy servers first, and launches first for the other reasons with 10 % more than desired.
https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-maintenance-policy.html
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.lifecycle import Member
from rehearsal.cloud.autoscaling.refresh_decisions import Limits, limits, replacement_step
from rehearsal.cloud.autoscaling.refresh_decisions import RefreshedMember as Seen
from rehearsal.cloud.autoscaling.refresh_record import active_refresh
from rehearsal.cloud.autoscaling.scaling_group import warmup

REBALANCE = "events/recommendations/rebalance"


class ReplacingGroup(Protocol):
    """What a replacement needs of the group's body."""

    record: Any

    @property
    def settled(self) -> bool:
        """Whether no member is on its way in or out."""

    def staying(self) -> list[Member]:
        """Members that are not being terminated."""

    def suspended(self, process: str) -> bool:
        """Whether SuspendProcesses named it."""

    def launch(self, count: int, cause: str) -> None:
        """Launch with the group's configuration."""

    def begin_termination(self, member: Member, cause: str) -> None:
        """Drain and terminate."""


def replace_unhealthy(group: ReplacingGroup, member: Member, cause: str) -> None:
    """Without a policy it goes at once."""
    if group.record.instance_maintenance_policy:
        member.replacement = cause
    else:
        group.begin_termination(member, cause)


def find(group: ReplacingGroup, notices: Mapping[str, Mapping[str, str]], lost_zones: set[str]) -> None:
    """Members that EC2 may interrupt, that are too old, or that crowd a zone."""
    record = group.record
    lifetime = float(record.max_instance_lifetime or 0)
    for member in group.staying():
        if member.lifecycle_state != "InService" or member.replacement is not None:
            continue
        instance_id = member.instance.id
        if record.capacity_rebalance and REBALANCE in notices.get(instance_id, {}):
            member.replacement = (
                f"instance {instance_id} was taken out of service in response to an EC2 instance rebalance"
                " recommendation"
            )
        elif lifetime and clock.monotonic() - member.launched_at > lifetime:
            member.replacement = (
                f"instance {instance_id} was taken out of service as it reached the maximum instance lifetime"
            )
    if not group.suspended("AZRebalance"):
        _rebalance_zones(group, lost_zones)


def _rebalance_zones(group: ReplacingGroup, lost_zones: set[str]) -> None:
    """One server of the fullest zone goes, where another zone has two fewer; never during another change."""
    members = group.staying()
    if (
        active_refresh(group.record) is not None
        or not group.settled
        or len(members) != group.record.desired_capacity
        or any(member.replacement is not None for member in members)
    ):
        return
    count = Counter(member.availability_zone for member in members)
    zones = set(group.record.availability_zones) - lost_zones
    if zones and max(count.values(), default=0) - min(count[zone] for zone in zones) > 1:
        fullest = max(count, key=lambda zone: count[zone])
        leaving = min(
            (member for member in members if member.availability_zone == fullest),
            key=lambda member: member.launched_at,
        )
        leaving.replacement = (
            f"instance {leaving.instance.id} was taken out of service to balance the availability zones"
        )


def advance(group: ReplacingGroup) -> None:
    """Fill up to what is desired, and let go whom others replace."""
    record, members = group.record, group.staying()
    desired = int(record.desired_capacity)
    seen = [
        Seen(id=member.instance.id, replaced=member.replacement is None, ready=member.ready(warmup(record)))
        for member in members
    ]
    step = replacement_step(seen, desired=desired, within=_limits(record, desired))
    if step.launch:
        reasons = {member.replacement for member in members if member.replacement is not None}
        group.launch(step.launch, min(reasons, default=_difference(record, len(members))))
    for member in members:
        if member.instance.id in step.terminate:
            group.begin_termination(member, str(member.replacement))


def _limits(record: Any, desired: int) -> Limits:
    policy = record.instance_maintenance_policy or {
        "MinHealthyPercentage": 100,
        "MaxHealthyPercentage": 110,
    }
    return limits(
        desired,
        min_healthy_percentage=int(policy["MinHealthyPercentage"]),
        max_healthy_percentage=int(policy["MaxHealthyPercentage"]),
    )


def _difference(record: Any, capacity: int) -> str:
    difference = f"the capacity is {capacity} of {record.desired_capacity} desired"
    return f"{record.capacity_cause}: {difference}" if record.capacity_cause else difference
