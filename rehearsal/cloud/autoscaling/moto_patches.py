"""What moto's Auto Scaling lacks for groups whose servers are real.

moto launches and terminates inside the API call and believes every server healthy. Here a call notes what is
wanted, and the body (autoscaling.py) does it in AWS's order.
"""

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import Activity, AutoScalingBackend, FakeAutoScalingGroup, LifecycleHook
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.lifecycle import Member
from rehearsal.cloud.moto_patch import patch

# Fields that moto drops, by the name that a request and the answer give them.
_KEPT = {
    "DefaultInstanceWarmup": "default_instance_warmup",
    "InstanceMaintenancePolicy": "instance_maintenance_policy",
    "MaxInstanceLifetime": "max_instance_lifetime",
    "DesiredCapacityType": "desired_capacity_type",
    "DefaultCooldown": "default_cooldown",
    "TerminationPolicies": "termination_policies",
    "CapacityRebalance": "capacity_rebalance",
    "Context": "context",
}

CLEARED = "-1"
"""What takes an instance maintenance policy away."""
_init, _update = FakeAutoScalingGroup.__init__, FakeAutoScalingGroup.update
_launch_template: Any = FakeAutoScalingGroup.launch_template
_make_hook = LifecycleHook.__init__
_create_action = AutoScalingResponse.create_auto_scaling_group
_update_action = AutoScalingResponse.update_auto_scaling_group
_put_hook = AutoScalingResponse.put_lifecycle_hook


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    patch(
        FakeAutoScalingGroup,
        __init__=_create,
        update=_update_group,
        set_desired_capacity=_set_desired_capacity,
        launch_template=property(_group_launch_template),
    )
    patch(LifecycleHook, __init__=_make_hook_without_target)
    patch(
        AutoScalingBackend,
        update_attached_target_groups=lambda *_: None,
        notify_terminate_instances=lambda *_: None,
        terminate_instance=_terminate_instance,
    )
    patch(
        AutoScalingResponse,
        create_auto_scaling_group=_create_with_hooks,
        update_auto_scaling_group=_update_kept,
        delete_auto_scaling_group=_delete,
        describe_scaling_activities=_describe_activities,
        put_lifecycle_hook=_put_hook_with_target,
        complete_lifecycle_action=_complete_lifecycle_action,
        record_lifecycle_action_heartbeat=_record_heartbeat,
    )


def find_group(response: Any) -> Any:
    """The group that a request names."""
    name = response._get_param("AutoScalingGroupName")
    group = response.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise ValidationError(f"AutoScalingGroup name not found - AutoScalingGroup {name} not found")
    return group


def _create(group: Any, *args: Any, **kwargs: Any) -> None:
    group.activities = []
    group.refreshes = []
    group.warm_members = []
    group.status = group.capacity_cause = None
    for attribute in _KEPT.values():
        setattr(group, attribute, None)
    _init(group, *args, **kwargs)


def change_capacity(group: Any, wanted: int, cause: str) -> None:
    """Let a group have so many servers; `cause` is told by the activities that follow."""
    before = group.desired_capacity
    _set_desired_capacity(group, wanted)
    group.capacity_cause = f"{cause} changing the desired capacity from {before} to {wanted}"


def change_sizes(group: Any, *, low: int | None, high: int | None, desired: int | None, cause: str) -> None:
    """Give a group other sizes, those that are given; what it desires follows."""
    low, high = (group.min_size if low is None else low), (group.max_size if high is None else high)
    _check_sizes(low, high)
    group.min_size, group.max_size = low, high
    wanted = group.desired_capacity if desired is None else desired
    constraints = f"{cause} updated the constraints to min: {low}, max: {high}"
    change_capacity(group, min(max(wanted, low), high), constraints)


def _check_sizes(low: int, high: int) -> None:
    if low > high:
        raise ValidationError(f"Min size:{low} must be less than or equal to max size:{high}")


def _set_desired_capacity(group: Any, new_capacity: int | None) -> None:
    wanted = group.min_size if new_capacity is None else new_capacity
    if not group.min_size <= wanted <= group.max_size:
        raise ValidationError(
            f"Desired capacity:{wanted} must be between the specified min size:{group.min_size}"
            f" and max size:{group.max_size}"
        )
    group.desired_capacity = wanted


def _update_group(group: Any, *args: Any, **changes: Any) -> None:
    """An update that names no template leaves the mixed instances policy alone."""
    names_template = changes.get("launch_template") or changes.get("launch_config_name")
    if changes.get("mixed_instances_policy") is None and not names_template:
        changes["mixed_instances_policy"] = _by_id(group.mixed_instances_policy)
    sizes = [changes["min_size"], group.min_size], [changes["max_size"], group.max_size]
    low, high = (next(size for size in pair if size is not None) for pair in sizes)
    _check_sizes(low, high)
    if changes["desired_capacity"] is None:
        changes["desired_capacity"] = min(max(group.desired_capacity, low), high)
    _update(group, *args, **changes)


def _by_id(policy: dict[str, Any] | None) -> dict[str, Any] | None:
    """A stored policy as a request may have it: moto keeps a template's id and name, and takes one."""
    if policy is None:
        return None
    template = policy["LaunchTemplate"]
    specification = {
        key: value
        for key, value in template["LaunchTemplateSpecification"].items()
        if key != "LaunchTemplateName"
    }
    return {**policy, "LaunchTemplate": {**template, "LaunchTemplateSpecification": specification}}


def _group_launch_template(group: Any) -> Any:
    return None if group.mixed_instances_policy else _launch_template.fget(group)


def _create_with_hooks(response: Any) -> ActionResult:
    name = response._get_param("AutoScalingGroupName")
    backend = response.autoscaling_backend
    if name in backend.autoscaling_groups:
        raise AutoscalingClientError("AlreadyExists", f"AutoScalingGroup by this name already exists: {name}")
    # Before the group, whose first servers are launched at once.
    for hook in response._get_param("LifecycleHookSpecificationList", []):
        backend.create_lifecycle_hook(
            name=hook["LifecycleHookName"],
            as_name=name,
            transition=hook["LifecycleTransition"],
            timeout=hook.get("HeartbeatTimeout"),
            result=hook.get("DefaultResult"),
        )
    result: ActionResult = _create_action(response)
    _keep(response)
    return result


def _update_kept(response: Any) -> ActionResult:
    find_group(response)
    result: ActionResult = _update_action(response)
    _keep(response)
    return result


def _keep(response: Any) -> None:
    group = find_group(response)
    for parameter, attribute in _KEPT.items():
        if (value := response._get_param(parameter)) is not None:
            setattr(group, attribute, value)
    if CLEARED in map(str, (group.instance_maintenance_policy or {}).values()):
        group.instance_maintenance_policy = None


def _delete(response: Any) -> ActionResult:
    group = find_group(response)
    if not response._get_bool_param("ForceDelete", False) and (
        group.instance_states or group.desired_capacity
    ):
        raise AutoscalingClientError(
            "ResourceInUse",
            "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance"
            " request(s) still in the group.",
        )
    group.min_size = group.desired_capacity = 0
    group.status = "Delete in progress"
    return EmptyResult()


def _terminate_instance(backend: Any, instance_id: str, should_decrement: bool) -> Activity:
    member = _find_member(backend, instance_id)
    group = member.auto_scaling_group
    if should_decrement:
        _set_desired_capacity(group, group.desired_capacity - 1)
    cause = f"instance {instance_id} was taken out of service in response to a user request"
    member.termination = cause
    return Activity(f"Terminating EC2 instance: {instance_id}", cause, group)


def _describe_activities(response: Any) -> ActionResult:
    name = response._get_param("AutoScalingGroupName")
    groups = (
        [find_group(response)] if name else list(response.autoscaling_backend.autoscaling_groups.values())
    )
    activities = [activity for group in groups for activity in reversed(list(group.activities))]
    if wanted := response._get_param("ActivityIds", []):
        activities = [activity for activity in activities if activity.activity_id in wanted]
    return ActionResult({"Activities": activities[: response._get_int_param("MaxRecords", 100)]})


def _make_hook_without_target(hook: Any, *args: Any, **kwargs: Any) -> None:
    _make_hook(hook, *args, **kwargs)
    hook.notification_target_arn = hook.role_arn = None


def _put_hook_with_target(response: Any) -> Any:
    answer = _put_hook(response)
    group, name = response._get_param("AutoScalingGroupName"), response._get_param("LifecycleHookName")
    (hook,) = response.autoscaling_backend.describe_lifecycle_hooks(
        as_name=group, lifecycle_hook_names=[name]
    )
    hook.notification_target_arn = response._get_param("NotificationTargetARN") or None
    hook.role_arn = response._get_param("RoleARN") or None
    return answer


def _complete_lifecycle_action(response: Any) -> ActionResult:
    result = response._get_param("LifecycleActionResult")
    if result not in ("CONTINUE", "ABANDON"):
        raise ValidationError(f"The lifecycle action result {result} is not CONTINUE or ABANDON")
    _find_action(response).result = result
    return EmptyResult()


def _record_heartbeat(response: Any) -> ActionResult:
    hook = _find_action(response)
    hook.deadline = clock.monotonic() + hook.heartbeat
    return EmptyResult()


def _find_action(response: Any) -> Any:
    instance_id = response._get_param("InstanceId")
    hook_name = response._get_param("LifecycleHookName")
    group = find_group(response)
    for member in [*group.instance_states, *group.warm_members]:
        if member.instance.id == instance_id and member.lifecycle_state.endswith(":Wait"):
            hook = member.hooks.get(hook_name)
            if hook is not None and hook.result is None:
                return hook
    raise ValidationError(f"No active Lifecycle Action found with instance ID {instance_id}")


def _find_member(backend: Any, instance_id: str) -> Member:
    for group in list(backend.autoscaling_groups.values()):
        for member in list(group.instance_states):
            if member.instance.id == instance_id:
                managed: Member = member
                return managed
    raise ValidationError(f"Instance Id not found - No managed instance found for instance ID: {instance_id}")
