"""Scheduled actions: at their times they change the sizes of an Auto Scaling group.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html
"""

import logging
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import autoscaling_backends
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.launches import Launches
from rehearsal.cloud.autoscaling.lifecycle import finish
from rehearsal.cloud.autoscaling.moto_patches import change_sizes, find_group
from rehearsal.cloud.body import every
from rehearsal.cloud.moto_patch import patch

_FIELDS = 5  # of cron; croniter knows more
_put_action = AutoScalingResponse.put_scheduled_update_group_action
log = logging.getLogger(__name__)


def patch_moto() -> None:
    """Refuse actions that never come; once a process."""
    patch(
        AutoScalingResponse,
        put_scheduled_update_group_action=_put,
        batch_put_scheduled_update_group_action=_put_batch,
    )


def run_due() -> None:
    """Every action whose time has come; one without a recurrence is gone then."""
    now = clock.now()
    for backend in every(autoscaling_backends):
        for name, action in list(backend.scheduled_actions.items()):
            group = backend.autoscaling_groups.get(action.auto_scaling_group_name)
            due = getattr(action, "due", None) or _next_of(action, now)
            if due is not None and due <= now and group is not None:
                _run(group, action)
                due = _next_of(action, now) if action.recurrence else None
            if due is None:
                backend.scheduled_actions.pop(name, None)
            action.due = due


def forget(backend: Any, group_name: str) -> None:
    """Those of a group that is gone."""
    for name, action in list(backend.scheduled_actions.items()):
        if action.auto_scaling_group_name == group_name:
            backend.scheduled_actions.pop(name, None)


def _run(group: Any, action: Any) -> None:
    """What can't be done is told as a failed activity; suspended, it is passed over, as on AWS."""
    cause = f"the scheduled action {action.scheduled_action_name}"
    if any(process["ProcessName"] == "ScheduledActions" for process in group.suspended_processes):
        log.info("group %s: %s is suspended", group.name, cause)
        return
    log.info("group %s: %s", group.name, cause)
    try:
        change_sizes(
            group, low=action.min_size, high=action.max_size, desired=action.desired_capacity, cause=cause
        )
    except ValidationError as error:
        log.warning("group %s: %s failed: %s", group.name, cause, error.message)
        activity = Launches(group).begin_activity("Changing the group's sizes", cause)
        finish(activity, "Failed", error.message)


def next_time(
    recurrence: str | None,
    time_zone: str | None,
    *,
    start: datetime | None,
    end: datetime | None,
    after: datetime,
) -> datetime | None:
    """When it is due next: after `after`, from `start` on, before `end`; without a recurrence at `start`."""
    if recurrence is None:
        return start
    zone = ZoneInfo(time_zone or "UTC")
    since = max(after, start) if start else after
    due: datetime = croniter(recurrence, since.astimezone(zone)).get_next(datetime)
    return None if end is not None and due > end else due


def _next_of(action: Any, now: datetime) -> datetime | None:
    start, end = _moment(action.start_time), _moment(action.end_time)
    try:
        return next_time(action.recurrence, action.time_zone, start=start, end=end, after=now)
    except (ValueError, OverflowError) as error:
        log.warning("the scheduled action %s is dropped: %s", action.scheduled_action_name, error)
        return None


def _moment(given: datetime | str | None) -> datetime | None:
    moment = datetime.fromisoformat(given) if isinstance(given, str) else given
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _put(response: Any) -> ActionResult:
    find_group(response)
    recurrence, zone = response._get_param("Recurrence"), response._get_param("TimeZone")
    start, end = (_moment(response._get_param(name)) for name in ("StartTime", "EndTime"))
    if recurrence and (len(recurrence.split()) != _FIELDS or not croniter.is_valid(recurrence)):
        raise ValidationError(f"Given recurrence string: {recurrence} is invalid")
    if zone and zone not in available_timezones():
        raise ValidationError(f"Given time zone: {zone} is invalid")
    if start and start < clock.now():
        raise ValidationError("Given start time is in the past")
    if not recurrence and not start:
        raise ValidationError("A scheduled action has a start time or a recurrence")
    try:
        next_time(recurrence, zone, start=start, end=end, after=clock.now())
    except (ValueError, OverflowError) as error:
        raise ValidationError(f"Given recurrence string: {recurrence} never comes: {error}") from error
    check_sizes(*(response._get_int_param(name) for name in ("MinSize", "DesiredCapacity", "MaxSize")))
    result: ActionResult = _put_action(response)
    return result


def check_sizes(*sizes: int | None) -> None:
    """Minimum, desired capacity and maximum, those that are given; the group has the others."""
    given = [size for size in sizes if size is not None]
    if given != sorted(given):
        raise ValidationError(
            f"MinSize, DesiredCapacity and MaxSize {', '.join(map(str, given))}: none may be above the next"
        )


def _put_batch(_: Any) -> ActionResult:
    raise ValidationError(
        "BatchPutScheduledUpdateGroupAction: not in rehearsal; put each by PutScheduledUpdateGroupAction"
    )
