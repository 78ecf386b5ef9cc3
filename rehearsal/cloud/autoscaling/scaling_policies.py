"""Scaling policies of Auto Scaling groups: target tracking with the two alarms that AWS makes for it."""

import logging
import uuid
from typing import Any

from moto.autoscaling.exceptions import ValidationError
from moto.autoscaling.models import AutoScalingBackend, FakeScalingPolicy
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.responses import ActionResult

from rehearsal.cloud import clock
from rehearsal.cloud.autoscaling.moto_patches import change_capacity, find_group
from rehearsal.cloud.autoscaling.refresh_record import active_refresh
from rehearsal.cloud.autoscaling.scaling_group import warmup
from rehearsal.cloud.autoscaling.target_tracking import (
    SCALE_IN_BELOW,
    SCALE_IN_PERIODS,
    SCALE_OUT_PERIODS,
    GroupSize,
    Tracking,
    after_high,
    after_low,
)
from rehearsal.cloud.cloudwatch.metrics import STATISTICS, datapoints
from rehearsal.cloud.cloudwatch.moto_patches import samples, series_of
from rehearsal.cloud.moto_patch import patch

_PERIODS = (10, 30, 60)  # seconds
_RECENT = 5  # periods in which the metric's last datapoint is looked for
_put_action = AutoScalingResponse.put_scaling_policy
_delete_policy = AutoScalingBackend.delete_policy
log = logging.getLogger(__name__)


def patch_moto() -> None:
    """Give policies their alarms; once a process."""
    patch(AutoScalingResponse, put_scaling_policy=_put)
    # Until it is given alarms, which the main loop may come before.
    patch(FakeScalingPolicy, alarms=(), enabled=True)
    patch(AutoScalingBackend, delete_policy=_delete)


def execute(backend: Any, policy_arn: str, alarm: Any) -> None:
    """What an alarm in the ALARM state asks of a policy's group."""
    policies = list(backend.policies.values())
    policy = next((policy for policy in policies if policy.arn == policy_arn), None)
    group = backend.autoscaling_groups.get(policy.auto_scaling_group_name) if policy else None
    if policy is None or group is None or group.status is not None or _suspended(group):
        return
    if not policy.alarms or not policy.enabled:
        return
    size = _size(group, policy)
    if alarm.name == policy.alarms[0]["AlarmName"]:
        wanted = after_high(size, _tracking(backend, policy))
    elif active_refresh(group) is not None:
        return
    else:
        of_group = [other for other in policies if other.auto_scaling_group_name == group.name]
        wanted = after_low(size, [_tracking(backend, other) for other in of_group])
    if wanted != size.desired:
        cause = f"a monitor alarm {alarm.name} in state ALARM triggered policy {policy.name}"
        log.info("group %s: %s: %d servers, were %d", group.name, cause, wanted, size.desired)
        try:
            change_capacity(group, wanted, cause)
        except ValidationError as error:  # its sizes were changed meanwhile
            log.warning("group %s: %s: %s", group.name, cause, error.message)


def _suspended(group: Any) -> bool:
    return any(process["ProcessName"] == "AlarmNotification" for process in group.suspended_processes)


def _size(group: Any, policy: Any) -> GroupSize:
    estimated = policy.estimated_instance_warmup
    seconds = warmup(group) if estimated is None else float(estimated)
    return GroupSize(
        desired=int(group.desired_capacity),
        warm=sum(member.ready(seconds) for member in list(group.instance_states)),
        minimum=int(group.min_size),
        maximum=int(group.max_size),
    )


def _tracking(backend: Any, policy: Any) -> Tracking:
    alarms = cloudwatch_backends[backend.account_id][backend.region_name]
    pair = [alarms.alarms.get(alarm["AlarmName"]) for alarm in policy.alarms]
    high, low = pair or (None, None)
    configuration = vars(policy.target_tracking_configuration)
    return Tracking(
        target=float(configuration["TargetValue"]),
        metric=_last(alarms, high) if high else None,
        low=low is not None and low.state_value == "ALARM",
        scales_in=not configuration.get("DisableScaleIn", False),
    )


def _last(backend: Any, alarm: Any) -> float | None:
    series = series_of(alarm.namespace, alarm.metric_name, alarm.dimensions)
    found = datapoints(
        samples(backend, series),
        alarm.statistic,
        period=int(alarm.period),
        periods=_RECENT,
        until=clock.epoch(),
    )
    return next((value for value in reversed(found) if value is not None), None)


def _put(response: Any) -> ActionResult:
    group = find_group(response)
    kind = response._get_param("PolicyType") or "SimpleScaling"
    if kind != "TargetTrackingScaling":
        raise ValidationError(f"PolicyType {kind}: the rehearsal scales by TargetTrackingScaling alone")
    metric = _metric(group, response._get_param("TargetTrackingConfiguration"))
    backend, name = response.autoscaling_backend, response._get_param("PolicyName")
    before = backend.policies.get(name)
    _put_action(response)
    policy = backend.policies[name]
    policy.enabled = response._get_bool_param("Enabled", True)
    policy.predictive_scaling_configuration = None
    alarms = cloudwatch_backends[backend.account_id][backend.region_name]
    policy.alarms = (before and before.alarms) or _names(alarms, group)
    _put_alarms(alarms, policy, metric)
    return ActionResult({"PolicyARN": policy.arn, "Alarms": policy.alarms})


def _names(alarms: Any, group: Any) -> list[dict[str, str]]:
    """The high one first."""
    prefix = alarms.account_id, alarms.region_name
    names = [f"TargetTracking-{group.name}-Alarm{side}-{uuid.uuid4()}" for side in ("High", "Low")]
    return [
        {"AlarmName": name, "AlarmARN": f"arn:aws:cloudwatch:{prefix[1]}:{prefix[0]}:alarm:{name}"}
        for name in names
    ]


def _put_alarms(backend: Any, policy: Any, metric: dict[str, Any]) -> None:
    target = float(policy.target_tracking_configuration.TargetValue)
    sides = [
        ("GreaterThanThreshold", target, SCALE_OUT_PERIODS),
        ("LessThanThreshold", target * SCALE_IN_BELOW, SCALE_IN_PERIODS),
    ]
    for alarm, (comparison, threshold, periods) in zip(policy.alarms, sides, strict=True):
        backend.put_metric_alarm(
            name=alarm["AlarmName"],
            comparison_operator=comparison,
            threshold=threshold,
            evaluation_periods=periods,
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.arn}.",
            alarm_actions=[policy.arn],
            **metric,
        )


def _metric(group: Any, configuration: dict[str, Any]) -> dict[str, Any]:
    """PutMetricAlarm's arguments for what is tracked."""
    if float(configuration["TargetValue"]) <= 0:
        raise ValidationError(f"TargetValue must be greater than 0, not {configuration['TargetValue']}")
    if custom := configuration.get("CustomizedMetricSpecification"):
        if "Metrics" in custom:
            raise ValidationError(
                "Metrics of a CustomizedMetricSpecification: the rehearsal has no metric math"
            )
        period, statistic = int(custom.get("Period", 60)), custom.get("Statistic")
        if period not in _PERIODS or statistic not in STATISTICS:
            raise ValidationError(
                f"CustomizedMetricSpecification: Period {period} must be one of {_PERIODS}, Statistic"
                f" {statistic} one of {', '.join(STATISTICS)}"
            )
        return {
            "namespace": custom["Namespace"],
            "metric_name": custom["MetricName"],
            "dimensions": custom.get("Dimensions", []),
            "statistic": statistic,
            "period": period,
        }
    predefined = configuration.get("PredefinedMetricSpecification") or {}
    match predefined.get("PredefinedMetricType"):
        case "ASGAverageCPUUtilization":
            return {
                "namespace": "AWS/EC2",
                "metric_name": "CPUUtilization",
                "dimensions": [{"Name": "AutoScalingGroupName", "Value": group.name}],
                "statistic": "Average",
                "period": 60,
            }
        case "ALBRequestCountPerTarget":
            balancer, _, target_group = predefined.get("ResourceLabel", "").partition("/targetgroup/")
            if not target_group:
                raise ValidationError(
                    "ResourceLabel must be app/<load-balancer-name>/<id>/targetgroup/<target-group-name>/<id>"
                )
            return {
                "namespace": "AWS/ApplicationELB",
                "metric_name": "RequestCountPerTarget",
                "dimensions": [
                    {"Name": "TargetGroup", "Value": f"targetgroup/{target_group}"},
                    {"Name": "LoadBalancer", "Value": balancer},
                ],
                "statistic": "Sum",
                "period": 60,
            }
        case other:
            raise ValidationError(f"PredefinedMetricType {other}: the rehearsal publishes no such metric")


def _delete(backend: Any, name: str) -> None:
    """With its alarms; `name` may be its ARN."""
    policies = list(backend.policies.values())
    policy = next((policy for policy in policies if name in (policy.name, policy.arn)), None)
    if policy is not None:
        alarms = cloudwatch_backends[backend.account_id][backend.region_name]
        alarms.delete_alarms([alarm["AlarmName"] for alarm in policy.alarms])
        _delete_policy(backend, policy.name)
