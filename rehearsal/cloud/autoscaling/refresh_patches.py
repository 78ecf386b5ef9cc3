"""Instance refreshes, which moto lacks: the actions. refresh.py keeps the record, the body moves it on."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from rehearsal.cloud.autoscaling.moto_patches import find_group
from rehearsal.cloud.autoscaling.refresh_record import DEFAULTS, REVERSIBLE, Refresh, active_refresh
from rehearsal.cloud.moto_patch import patch

_ANSWER_WITHIN = 5.0  # seconds; a step of the main loop takes less
_KNOWN = {
    *DEFAULTS,
    *("InstanceWarmup", "AlarmSpecification", "BakeTime", "ScaleInProtectedInstances", "StandbyInstances"),
}


def patch_moto() -> None:
    """Add the actions; once a process."""
    patch(
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
        _check_rollback(group, desired)
    refresh = Refresh(group, preferences, desired)
    group.refreshes.insert(0, refresh)
    return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})


def _check_rollback(group: Any, desired: dict[str, Any]) -> None:
    if not desired:
        raise ValidationError(
            "The AutoRollback parameter cannot be set to true when the DesiredConfiguration parameter is"
            " empty. Set AutoRollback to false or specify a desired configuration and try again."
        )
    policy = desired.get("MixedInstancesPolicy") or {}
    template = desired.get("LaunchTemplate") or policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    versions = template.get("Version", "$Default"), group.launch_template_version or "$Default"
    if any(str(version).startswith("$") for version in versions):
        raise ValidationError(
            "Auto rollback requires launch template versions by number, not $Latest or $Default, in the"
            f" desired configuration and in the group: they are {versions[0]} and {versions[1]}."
        )


def _describe(response: Any) -> ActionResult:
    refreshes = list(find_group(response).refreshes)
    if wanted := response._get_param("InstanceRefreshIds", []):
        refreshes = [refresh for refresh in refreshes if refresh.instance_refresh_id in wanted]
    return ActionResult({"InstanceRefreshes": refreshes[: response._get_int_param("MaxRecords", 50)]})


def _cancel(response: Any) -> ActionResult:
    refresh = _find_active(response)
    wait = response._get_bool_param("WaitForTransitioningInstances", True)
    _ask(refresh, partial(refresh.cancel, wait=wait))
    return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})


def _roll_back(response: Any) -> ActionResult:
    refresh = _find_active(response)
    if refresh.desired_configuration is None or not refresh.before_is_pinned:
        raise AutoscalingClientError(
            "IrreversibleInstanceRefresh",
            "The instance refresh has no desired configuration, or the group's launch template has no version"
            " by number.",
        )
    if refresh.status not in REVERSIBLE:
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound",
            f"The instance refresh is {refresh.status}: it cannot be rolled back",
        )
    _ask(refresh, partial(refresh.roll_back, "Rolled back by user"))
    return ActionResult({"InstanceRefreshId": refresh.instance_refresh_id})


def _ask(refresh: Refresh, request: Callable[[], None]) -> None:
    """The body does it, between two of its own decisions; the answer waits a little, so that it shows."""
    refresh.requests.append(request)
    deadline = time.monotonic() + _ANSWER_WITHIN
    while refresh.requests and time.monotonic() < deadline:
        time.sleep(0.02)


def _find_active(response: Any) -> Refresh:
    refresh = active_refresh(find_group(response))
    if refresh is None:
        raise AutoscalingClientError(
            "ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found."
        )
    return refresh
