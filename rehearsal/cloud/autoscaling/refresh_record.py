"""The record of an instance refresh, in the words of DescribeInstanceRefreshes.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/instance-refresh-overview.html
"""

import uuid
from collections import deque
from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.refresh_decisions import percentage_complete
from rehearsal.cloud.autoscaling.scaling_group import configuration, desired_configuration

DEFAULTS = {
    "MinHealthyPercentage": 90,
    "MaxHealthyPercentage": 100,
    "SkipMatching": False,
    "AutoRollback": False,
}
ACTIVE = ("Pending", "InProgress", "Baking", "Cancelling", "RollbackInProgress")
REPLACING = ("InProgress", "RollbackInProgress")
REVERSIBLE = ("Pending", "InProgress", "Baking")
PATIENCE = 3600.0
"""Seconds that a refresh goes on without getting any further. Source: the user guide's "One-hour timeout":
a launch that fails or a server that stays unhealthy is tried again until then."""


class Refresh:
    """Replaces a group's servers, or puts back those that it had."""

    def __init__(self, group: Any, preferences: dict[str, Any], desired: dict[str, Any]) -> None:
        self.instance_refresh_id = str(uuid.uuid4())
        self.auto_scaling_group_name = group.name
        self.strategy = "Rolling"
        self.status = "Pending"
        self.status_reason: str | None = None
        self.start_time: Any = None
        """Unknown while it is `Pending`: it is when the refresh began, and not a required member."""
        self.end_time: Any = None
        self.percentage_complete = 0
        self.instances_to_update = 0
        self.preferences = {**DEFAULTS, **(group.instance_maintenance_policy or {}), **preferences}
        self.desired_configuration = desired or None
        self.rollback_details: dict[str, Any] | None = None
        self.before = configuration(group)
        self.before_is_pinned = not str(group.launch_template_version or "").startswith("$")
        self.target = desired_configuration(group, desired) if desired else self.before
        self.present_at_start = {state.instance.id for state in group.instance_states}
        self.to_replace = 0
        self.requests: deque[Callable[[], None]] = deque()
        """What was asked of it since the body's last step, which alone changes the state."""
        self._reached = (0, 0)
        self._last_progress = clock.monotonic()
        self._bakes_until = 0.0

    def is_new(self, member: Any) -> bool:
        """Whether a member needs no replacement (any more)."""
        if member.configuration != self.target or member.replacement is not None:
            return False
        rolling_back = self.status == "RollbackInProgress"
        return (
            rolling_back
            or self.preferences["SkipMatching"]
            or member.instance.id not in self.present_at_start
        )

    def progress(self, left: int, *, ready: int) -> None:
        """So many servers still have to be replaced, so many new ones are ready."""
        self.to_replace = max(self.to_replace, left)
        self.instances_to_update = left
        self.percentage_complete = percentage_complete(self.to_replace - left, of=self.to_replace)
        if (reached := (self.to_replace - left, ready)) > self._reached:
            self._reached, self._last_progress = reached, clock.monotonic()

    def hinder(self, reason: str) -> None:
        """A new server failed: told as the reason for waiting; the next one may do better."""
        if self.status in REPLACING:
            self.status_reason = reason

    @property
    def stuck(self) -> bool:
        """Whether it has got no further for as long as AWS would try."""
        return clock.monotonic() - self._last_progress > PATIENCE

    def heed_requests(self) -> None:
        """What came too late is dropped."""
        while self.requests:
            if self.status in ACTIVE:
                self.requests[0]()
            self.requests.popleft()  # only now: whoever asked waits for it

    def begin(self) -> None:
        """Replace."""
        self.status, self.start_time = "InProgress", utcnow()
        self._last_progress = clock.monotonic()

    def bake(self) -> bool:
        """All is replaced: whether it is still to be watched for its `BakeTime`."""
        now = clock.monotonic()
        if self.status == "InProgress" and (bake_time := int(self.preferences.get("BakeTime") or 0)):
            self.status, self._bakes_until = "Baking", now + bake_time
        return self.status == "Baking" and now < self._bakes_until

    def cancel(self, *, wait: bool) -> None:
        """Replace no more; what was replaced stays so."""
        self.status = "Cancelling"
        if not wait:
            self.end("Cancelled", "Cancelled by user")

    def end(self, status: str, reason: str | None = None) -> None:
        """Close it."""
        self.status, self.end_time = status, utcnow()
        self.status_reason = reason or self.status_reason

    def fail(self, reason: str) -> None:
        """Roll back where that was asked for, else end as failed."""
        if self.status == "RollbackInProgress":
            self.end("RollbackFailed", reason)
        elif self.preferences["AutoRollback"]:
            self.roll_back(reason)
        else:
            self.end("Failed", reason)

    def roll_back(self, reason: str) -> None:
        """Aim at what the group launches by its own configuration, which only a success changes."""
        if self.status not in REVERSIBLE:
            return
        self.rollback_details = {
            "RollbackReason": reason,
            "RollbackStartTime": utcnow(),
            "PercentageCompleteOnRollback": self.percentage_complete,
            "InstancesToUpdateOnRollback": self.instances_to_update,
        }
        self.status, self.status_reason, self.target = "RollbackInProgress", reason, self.before
        self.to_replace, self._reached, self._last_progress = 0, (0, 0), clock.monotonic()


def active_refresh(group: Any) -> Refresh | None:
    """The refresh that is under way; a group has one at most."""
    return next((refresh for refresh in list(group.refreshes) if refresh.status in ACTIVE), None)


def replacing_refresh(group: Any) -> Refresh | None:
    """The refresh that replaces servers just now."""
    refresh = active_refresh(group)
    return refresh if refresh is not None and refresh.status in REPLACING else None
