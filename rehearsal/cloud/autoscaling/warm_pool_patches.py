"""Warm pools, whose servers moto does not have: the actions. The body (warm_pool.py) does what they ask."""

from typing import Any

from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeAutoScalingGroup, FakeWarmPool
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import ActionResult, EmptyResult

from rehearsal.cloud.autoscaling.moto_patches import find_group
from rehearsal.cloud.autoscaling.refresh_record import active_refresh
from rehearsal.cloud.moto_patch import patch


def patch_moto() -> None:
    """Replace the actions; once a process."""
    patch(
        AutoScalingResponse,
        put_warm_pool=_put,
        describe_warm_pool=_describe,
        delete_warm_pool=_delete,
    )
    patch(
        FakeAutoScalingGroup,
        warm_pool_size=property(lambda group: len(group.warm_members)),
        warm_pool_state=property(
            lambda group: group.warm_pool.pool_state if group.warm_pool else "Terminated"
        ),
    )
    patch(FakeWarmPool, status=None)
    patch(AutoScalingBackend, describe_auto_scaling_instances=_describe_instances)


def _put(response: Any) -> ActionResult:
    group = find_group(response)
    if active_refresh(group):
        raise AutoscalingClientError(
            "InstanceRefreshInProgress", "An instance refresh is in progress: the warm pool cannot be changed"
        )
    state = response._get_param("PoolState") or "Stopped"
    reuse = response._get_param("InstanceReusePolicy")
    if state not in ("Stopped", "Running") or (reuse and str(reuse.get("ReuseOnScaleIn")).lower() == "true"):
        raise ValidationError(
            "In rehearsal a warm pool's state is Stopped or Running, and it reuses no server"
        )
    group.put_warm_pool(
        max_group_prepared_capacity=response._get_int_param("MaxGroupPreparedCapacity"),
        min_size=response._get_int_param("MinSize"),
        pool_state=state,
        instance_reuse_policy=reuse,
    )
    return EmptyResult()


def _describe(response: Any) -> ActionResult:
    group = find_group(response)
    return ActionResult({"WarmPoolConfiguration": group.warm_pool, "Instances": list(group.warm_members)})


def _delete(response: Any) -> ActionResult:
    group = find_group(response)
    if group.warm_pool is None:
        raise ValidationError(f"The Auto Scaling group {group.name} has no warm pool")
    group.warm_pool.status = "PendingDelete"
    return EmptyResult()


def _describe_instances(backend: Any, instance_ids: list[str]) -> list[Any]:
    """Those of the pools too."""
    return [
        member
        for group in list(backend.autoscaling_groups.values())
        for member in [*group.instance_states, *group.warm_members]
        if not instance_ids or member.instance.id in instance_ids
    ]
