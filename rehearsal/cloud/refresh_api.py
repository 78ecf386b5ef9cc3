"""Instance refreshes, which moto lacks: actions and records. The body (autoscaling.py) moves them on."""

import uuid
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from rehearsal.cloud.autoscaling_api import find_group
from rehearsal.cloud.instance_refresh import percentage_complete
from rehearsal.cloud.mending import mend
from rehearsal.cloud.scaling_group import configuration, desired_configuration

_DEFAULTS = {
    "MinHealthyPercentage": 90,
    "MaxHealthyPercentage": 100,
    "SkipMatching": False,
    "AutoRollback": False,
}
_KNOWN = {*_DEFAULTS, "InstanceWarmup", "AlarmSpecification", "ScaleInProtectedInstances", "StandbyInstances"}
ACTIVE = ("Pending", "InProgress", "Cancelling", "RollbackInProgress")


class Refresh:
    """An instance refresh in the words of DescribeInstanceRefreshes."""

    def __init__(self, group: Any, preferences: dict[str, Any], desired: dict[str, Any]) -> None:
        self.instance_refresh_id = str(uuid.uuid4())
        self.auto_scaling_group_name = group.name
        self.strategy = "Rolling"
        self.status = "Pending"
        self.status_reason: str | None = None
        self.start_time = utcnow()
        self.end_time: Any = None
        self.percentage_complete = 0
        self.instances_to_update = 0
        self.preferences = {**_DEFAULTS, **preferences}
        self.desired_configuration = desired or None
        self.rollback_details: dict[str, Any] | None = None
        self.before = configuration(group)
        self.target = desired_configuration(group, desired) if desired else self.before
        self.present_at_start = {state.instance.id for state in group.instance_states}
        self.to_replace = 0

    def is_new(self, member: Any) -> bool:
        """Whether a member needs no replacement (any more)."""
        if member.configuration != self.target:
            return False
        rolling_back = self.status == "RollbackInProgress"
        return (
            rolling_back
            or self.preferences["SkipMatching"]
            or member.instance.id not in self.present_at_start
        )

    def progress(self, left: int) -> None:
        """So many servers still have to be replaced."""
        self.to_replace = max(self.to_replace, left)
        self.instances_to_update = left
        self.percentage_complete = percentage_complete(self.to_replace - left, of=self.to_replace)

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
        """Aim at what the group launched when the refresh was started."""
        self.rollback_details = {
            "RollbackReason": reason,
            "RollbackStartTime": utcnow(),
            "PercentageCompleteOnRollback": self.percentage_complete,
            "InstancesToUpdateOnRollback": self.instances_to_update,
        }
        self.status, self.status_reason, self.target = "RollbackInProgress", reason, self.before
        self.to_replace = 0


def active_refresh(group: Any) -> Refresh | None:
    """The refresh that is under way; a group has one at most."""
    return next((refresh for refresh in list(group.refreshes) if refresh.status in ACTIVE), None)


def mend_moto() -> None:
    """Add the actions; once a process."""
    mend(
        AutoScalingResponse,
        start_instance_refresh=_start,
        describe_instance_refreshes=_describe,
        cancel_instance_refresh=_cancel,
        rollback_instance_refresh=_roll_back,
    )


def _start(response: Any) -> ActionResult:
    group = find_group(response)
    if active_refresh(group):
        raise AutoscalingClientError(
            "InstanceRefreshInProgress",
            "An Instance Refresh is already in progress and blocks the execution.",
        )
    preferences = response._get_param("Preferences", {})
    for name in preferences.keys() - _KNOWN:
        raise ValidationError(f"The preference {name} is not known in rehearsal: leave it out")
    desired = response._get_param("DesiredConfiguration", {})
    if preferences.get("AutoRollback"):
        _check_rollback(desired)
    refresh = Refresh(group, preferences, desired)
    group.refreshes.insert(0, refresh)
    return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})


def _check_rollback(desired: dict[str, Any]) -> None:
    if not desired:
        raise ValidationError(
            "The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is"
            " empty. Set AutoRollback to false or specify a desired configuration and try again."
        )
    policy = desired.get("MixedInstancesPolicy") or {}
    template = desired.get("LaunchTemplate") or policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    if str(template.get("Version", "$Default")).startswith("$"):
        raise ValidationError(
            "Auto rollback requires a launch template version by number, not $Latest or $Default."
        )


def _describe(response: Any) -> ActionResult:
    refreshes = list(find_group(response).refreshes)
    if wanted := response._get_param("InstanceRefreshIds", []):
        refreshes = [refresh for refresh in refreshes if refresh.instance_refresh_id in wanted]
    return ActionResult({"InstanceRefreshes": refreshes[: response._get_int_param("MaxRecords", 50)]})


def _cancel(response: Any) -> ActionResult:
    refresh = _find_active(response)
    refresh.end("Cancelled", "Cancelled by user")
    return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})


def _roll_back(response: Any) -> ActionResult:
    refresh = _find_active(response)
    if refresh.desired_configuration is None or refresh.status == "RollbackInProgress":
        raise AutoscalingClientError(
            "IrreversibleInstanceRefresh",
            "The instance refresh has no desired configuration, or is being rolled back already.",
        )
    refresh.roll_back("Rolled back by user")
    return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})


def _find_active(response: Any) -> Refresh:
    refresh = active_refresh(find_group(response))
    if refresh is None:
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found."
        )
    return refresh
