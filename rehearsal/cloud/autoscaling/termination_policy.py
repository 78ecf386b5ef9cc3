"""Which servers of an Auto Scaling group scale-in takes. Pure.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-termination-policies.html
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Protocol, TypeVar


class Candidate(Protocol):
    """What the default policy looks at."""

    lifecycle_state: str
    configuration: Any
    launched_at: float

    @property
    def availability_zone(self) -> str | None:
        """Where it runs."""

    @property
    def protected_from_scale_in(self) -> bool | None:
        """By SetInstanceProtection."""


M = TypeVar("M", bound=Candidate)


def first_to_go(members: Sequence[M], count: int, current: Any) -> list[M]:
    """So many: those not yet in service; then of the fullest zone, of another configuration, the oldest."""
    left = [member for member in members if not member.protected_from_scale_in]
    chosen: list[M] = []
    while left and len(chosen) < count:
        zones = Counter(member.availability_zone for member in left)
        chosen.append(
            min(
                left,
                key=lambda member: (
                    member.lifecycle_state == "InService",
                    -zones[member.availability_zone],
                    member.configuration == current,
                    member.launched_at,
                ),
            )
        )
        left.remove(chosen[-1])
    return chosen
