"""The decisions of an instance refresh. Pure.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-instance-refresh-default-values.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

_WHOLE = 100  # per cent of the desired capacity: no room to launch before something is terminated


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshedMember:
    """A server of the group that is not being terminated."""

    id: str
    replaced: bool
    """It was launched with what the refresh aims at."""
    ready: bool
    """In service, healthy for the group's health checks, and, if it is new, warmed up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """How few ready servers there may be at any moment, and how many there may be at all."""

    minimum: int
    maximum: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RefreshStep:
    """What to do now; nothing and not `finished` means to wait."""

    launch: int = 0
    terminate: tuple[str, ...] = ()
    finished: bool = False


def limits(desired: int, *, min_healthy_percentage: int, max_healthy_percentage: int) -> Limits:
    """The percentages as numbers of servers; there is always room to replace one at a time."""
    minimum = ceil(desired * min_healthy_percentage / 100)
    return Limits(minimum=minimum, maximum=max(desired * max_healthy_percentage // 100, minimum + 1))


def refresh_limits(desired: int, *, min_healthy_percentage: int, max_healthy_percentage: int) -> Limits:
    """Those of a refresh: at a maximum of 100 % one server at least is terminated before one is launched."""
    within = limits(
        desired,
        min_healthy_percentage=min_healthy_percentage,
        max_healthy_percentage=max_healthy_percentage,
    )
    if max_healthy_percentage > _WHOLE:
        return within
    return Limits(minimum=max(0, min(within.minimum, desired - 1)), maximum=desired)


def next_step(members: Sequence[RefreshedMember], *, desired: int, within: Limits) -> RefreshStep:
    """Launch first where there is room, then terminate what the ready ones allow."""
    old = [member for member in members if not member.replaced]
    new = [member for member in members if member.replaced]
    if not old and sum(member.ready for member in new) >= desired:
        return RefreshStep(finished=True)
    launch = max(0, min(desired - len(new), within.maximum - len(members)))
    spare = max(0, sum(member.ready for member in members) - within.minimum)
    unready = [member.id for member in old if not member.ready]
    ready = [member.id for member in old if member.ready]
    return RefreshStep(launch=launch, terminate=(*unready, *ready[:spare]))


def replacement_step(members: Sequence[RefreshedMember], *, desired: int, within: Limits) -> RefreshStep:
    """Fill up to `desired` members that stay; those that don't (not `replaced`) go once they can be spared.

    Unlike in a refresh, one that is not ready waits for its replacement too.
    """
    staying = [member for member in members if member.replaced]
    going = sorted((member for member in members if not member.replaced), key=lambda member: member.ready)
    launch = max(0, min(desired - len(staying), max(desired, within.maximum) - len(members)))
    needed = max(0, within.minimum - sum(member.ready for member in staying))
    return RefreshStep(
        launch=launch, terminate=tuple(member.id for member in going[: max(0, len(going) - needed)])
    )


def percentage_complete(replaced: int, *, of: int) -> int:
    """Whole percent; nothing to replace is all of it."""
    return 100 if of == 0 else min(100, 100 * replaced // of)
