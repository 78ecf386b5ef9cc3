"""A member of an Auto Scaling group: its lifecycle state, its hooks, and the activity that tells of it.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from moto.autoscaling.models import Activity, InstanceState
from moto.core.utils import utcnow

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.scaling_group import Configuration

WARMED = "Warmed:"
"""Begins the states of a warm pool's members."""
_TERMINATING = "Terminating"


@dataclass(kw_only=True, slots=True)
class PendingHook:
    """A lifecycle action that waits for its result."""

    name: str
    heartbeat: float
    default_result: str
    deadline: float
    result: str | None = None

    def outcome(self, now: float) -> str | None:
        """CONTINUE, ABANDON, or None while it waits."""
        return self.default_result if self.result is None and now >= self.deadline else self.result


class Member(InstanceState):
    """moto's record of an instance in a group, with what the group's body needs to move it on."""

    def __init__(self, instance: Any, group: Any, launched_with: Configuration, activity: Activity) -> None:
        super().__init__(
            instance,
            lifecycle_state="Pending",
            protected_from_scale_in=group.new_instances_protected_from_scale_in,
            autoscaling_group=group,
        )
        self.configuration = launched_with
        self.activity = activity
        self.termination: str | None = None
        """Why it is to go, once it is to; any thread may say so, the body acts on it."""
        self.replacement: str | None = None
        """Why another one is to take its place; it goes once that one is there."""
        self.hooks: dict[str, PendingHook] = {}
        self.launched_at = clock.monotonic()
        self.in_service_since = 0.0
        self.healthy_since: float | None = None

    @property
    def launch_template(self) -> dict[str, str]:
        """The version that it was launched with, not the group's of today."""
        return self.configuration.specification

    @property
    def terminating(self) -> bool:
        """Whether it is on its way out."""
        return bool(self.lifecycle_state.startswith(_TERMINATING))

    @property
    def target_lifecycle_state(self) -> str:
        """For its metadata service: where it goes, from the beginning of the transition on.

        So `Terminated` while the balancer still drains it. `Warmed:Stopped` on its way into a warm pool that
        keeps its servers stopped.
        https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
        """
        if self.lifecycle_state.startswith(WARMED):
            leaving = self.lifecycle_state.startswith(WARMED + _TERMINATING)
            return WARMED + ("Terminated" if leaving else self.auto_scaling_group.warm_pool_state)
        return "Terminated" if self.terminating else "InService"

    def wait_for(self, hooks: Iterable[Any]) -> bool:
        """Enter the hooks' wait state; False where there are none."""
        now = clock.monotonic()
        self.hooks = {
            hook.name: PendingHook(
                name=hook.name,
                heartbeat=hook.heartbeat_timeout,
                default_result=hook.default_result,
                deadline=now + hook.heartbeat_timeout,
            )
            for hook in hooks
        }
        if self.hooks:
            self.lifecycle_state += ":Wait"
        return bool(self.hooks)

    def hooks_outcome(self) -> str | None:
        """ABANDON as soon as one says so, CONTINUE once all do."""
        outcomes = {hook.outcome(clock.monotonic()) for hook in self.hooks.values()}
        if "ABANDON" in outcomes:
            return "ABANDON"
        return None if None in outcomes else "CONTINUE"

    def ready(self, warmup: float) -> bool:
        """In service and found healthy for so long."""
        if self.lifecycle_state != "InService" or self.healthy_since is None:
            return False
        return clock.monotonic() - self.healthy_since >= warmup


def finish(activity: Any, status: str, message: str | None = None) -> None:
    """Close an activity: `Successful`, `Failed` or `Cancelled`, and why."""
    activity.status_code, activity.status_message = status, message
    activity.end_time, activity.progress = utcnow(), 100
