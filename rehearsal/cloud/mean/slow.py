"""States that take their time: what is ready shows for some seconds more that it is not."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.mood import Mood

SLOW = (2.0, 12.0)
"""Seconds; AWS's own are minutes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedState:
    """Where a list shows the state of its items, and which come before the one that is waited for."""

    items: str
    id: str
    at: str
    """Paths such as `TargetHealth.State`."""
    ready: str
    before: Sequence[str]
    absent: Sequence[str] = ()
    """Members that an item does not have before it is ready."""


STATES: Mapping[tuple[str, str], ListedState] = {
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
    ("rds", "DescribeDBInstances"): ListedState(
        items="DBInstances",
        id="DBInstanceIdentifier",
        at="DBInstanceStatus",
        ready="available",
        before=("backing-up", "modifying", "configuring-enhanced-monitoring"),
    ),
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html
    ("elasticache", "DescribeReplicationGroups"): ListedState(
        items="ReplicationGroups",
        id="ReplicationGroupId",
        at="Status",
        ready="available",
        before=("creating", "modifying", "snapshotting"),
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html
    ("elbv2", "DescribeLoadBalancers"): ListedState(
        items="LoadBalancers",
        id="LoadBalancerArn",
        at="State.Code",
        ready="active",
        before=("provisioning",),
    ),
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html
    ("elbv2", "DescribeTargetHealth"): ListedState(
        items="TargetHealthDescriptions",
        id="Target.Id",
        at="TargetHealth.State",
        ready="healthy",
        before=("initial",),
    ),
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html
    ("ec2", "DescribeNatGateways"): ListedState(
        items="NatGateways", id="NatGatewayId", at="State", ready="available", before=("pending",)
    ),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
    ("cloudwatch", "DescribeAlarms"): ListedState(
        items="MetricAlarms", id="AlarmName", at="StateValue", ready="OK", before=("INSUFFICIENT_DATA",)
    ),
    # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html
    ("autoscaling", "DescribeInstanceRefreshes"): ListedState(
        items="InstanceRefreshes",
        id="InstanceRefreshId",
        at="Status",
        ready="InProgress",
        before=("Pending",),
        absent=("StartTime", "PercentageComplete", "InstancesToUpdate"),
    ),
}


class SlowStates:
    """Remembers since when each item is ready. Any thread may ask."""

    def __init__(self, mood: Mood, clock: Callable[[], float] = time.monotonic) -> None:
        self._mood = mood
        self._clock = clock
        self._lock = threading.Lock()
        self._shown_from: dict[str, float] = {}

    def hold_back(self, call: JudgedCall, answer: dict[str, Any]) -> bool:
        """Shows an earlier state of what has been ready for a few seconds only; whether there was such."""
        state = STATES.get((call.service, call.operation))
        held = False
        for item in answer.get(state.items, []) if state else ():
            if state and _get(item, state.at) == state.ready:
                held = self._holds(state, item) or held
        return held

    def _holds(self, state: ListedState, item: dict[str, Any]) -> bool:
        now, name = self._clock(), str(_get(item, state.id))
        with self._lock:
            key = (state.items, len(self._shown_from))
            late = self._mood.between(*SLOW, Freedom.SLOW_STATE, *key)
            shown_from = now + late if self._mood.takes(Freedom.SLOW_STATE, *key) else now
            shown_from = self._shown_from.setdefault(name, shown_from)
        if now >= shown_from:
            return False
        parent, _, member = state.at.rpartition(".")
        holder = _get(item, parent) if parent else item
        which = self._mood.choice(len(state.before), Freedom.SLOW_STATE, state.items, int(shown_from) // 5)
        holder[member] = state.before[which]
        for absent in state.absent:
            item.pop(absent, None)
        return True


def _get(item: Any, path: str) -> Any:
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item
