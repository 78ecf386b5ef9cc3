"""How large target tracking wants a group. Pure.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

SCALE_OUT_PERIODS = 3
SCALE_IN_PERIODS = 15
SCALE_IN_BELOW = 0.9
"""Minutes above the target, and below this part of it: what the alarms that AWS makes are seen to have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tracking:
    """One policy of the group, as it stands."""

    target: float
    metric: float | None
    """The last datapoint; None where there is none."""
    low: bool
    """Whether its low alarm is in the ALARM state."""
    scales_in: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupSize:
    """A group's."""

    desired: int
    warm: int
    """Servers that the metric is about: those that still warm up do not share the work yet."""
    minimum: int
    maximum: int


def after_high(size: GroupSize, policy: Tracking) -> int:
    """In proportion to the metric, and one more at least. What warms up is on the way already: it counts."""
    wanted = max(_proportional(size, policy), size.warm + 1)
    return max(size.desired, min(wanted, size.maximum))


def after_low(size: GroupSize, policies: Sequence[Tracking]) -> int:
    """The largest that a policy wants, once all that scale in agree and no server warms up any more."""
    deciding = [policy for policy in policies if policy.scales_in]
    agreed = all(policy.low and policy.metric is not None for policy in deciding)
    if not deciding or not agreed or size.warm < size.desired:
        return size.desired
    wanted = max(_proportional(size, policy) for policy in deciding)
    return min(size.desired, max(wanted, size.minimum))


def _proportional(size: GroupSize, policy: Tracking) -> int:
    """Rounded up: fewer servers would be above the target at once."""
    if policy.metric is None:
        return size.warm
    return ceil(size.warm * policy.metric / policy.target - 1e-9)
