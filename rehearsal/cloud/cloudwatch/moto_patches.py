"""What moto's CloudWatch lacks for alarms that go off: exact metrics, states of their own, their history."""

import math
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.exceptions import InvalidParameterValue, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from rehearsal.cloud.cloudwatch import metrics
from rehearsal.cloud.cloudwatch.alarm_evaluation import COMPARISONS
from rehearsal.cloud.cloudwatch.metrics import STATISTICS, Sample, Series
from rehearsal.cloud.moto_patch import patch

_KEPT = 3 * 3600  # seconds: as long as CloudWatch keeps what is finer than a minute
_HISTORY = 300  # items of an alarm; CloudWatch keeps all of a month
_SHORT_PERIODS = (10, 20, 30)  # seconds; others are whole minutes
_PERCENTILE = re.compile(r"p\d{1,2}(\.\d+)?|p100")
_TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")

_init_alarm = Alarm.__init__
_put_alarm, _put_data = CloudWatchBackend.put_metric_alarm, CloudWatchBackend.put_metric_data
_put_alarm_action = CloudWatchResponse.put_metric_alarm
_writing = threading.Lock()


def patch_moto() -> None:
    """Add and replace; once a process."""
    patch(Alarm, __init__=_create, update_state=_update_state)
    patch(CloudWatchBackend, put_metric_alarm=_put_keeping_state, put_metric_data=_put_by_series)
    patch(
        CloudWatchResponse,
        # moto keeps an alarm's rule and lists alarms that have one as composite, but forgot what makes one.
        put_composite_alarm=_put_alarm_action,
        put_metric_alarm=_put_checked,
        describe_alarm_history=_describe_history,
        get_metric_statistics=_get_statistics,
    )


def samples(backend: Any, series: Series) -> list[Sample]:
    """What was put of a metric in the last hours."""
    return list(_all_series(backend).get(series, []))


def forget_old(backend: Any, now: float) -> None:
    """Let go of what no alarm looks at any more."""
    with _writing:
        backend.metric_data = [datum for datum in backend.metric_data if _time(datum) > now - _KEPT]
        for series, kept in list(_all_series(backend).items()):
            if recent := [sample for sample in kept if sample.time > now - _KEPT]:
                _all_series(backend)[series] = recent
            else:
                del _all_series(backend)[series]


def series_of(namespace: str, name: str, dimensions: list[Any]) -> Series:
    """From moto's dimensions."""
    return namespace, name, frozenset((dimension.name, dimension.value) for dimension in dimensions)


def _all_series(backend: Any) -> dict[Series, list[Sample]]:
    by_series: dict[Series, list[Sample]] = vars(backend).setdefault("series", {})
    return by_series


def _put_by_series(backend: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
    """Of `Values` moto would keep each as often as its count says, which can end the cloud."""
    single = [datum for datum in metric_data if not datum.get("Values")]
    for datum in metric_data:
        if values := datum.get("Values"):
            rest = {name: value for name, value in datum.items() if name not in ("Values", "Counts")}
            put_values(backend, namespace, rest, _counted(values, datum.get("Counts")))
    if single:
        _put_single(backend, namespace, single)


def _counted(values: list[Any], counts: list[Any] | None) -> dict[float, int]:
    """How often each value was seen; once where no count is given."""
    seen: dict[float, int] = {}
    for value, count in zip(values, counts or [1] * len(values), strict=True):
        if not (math.isfinite(float(value)) and math.isfinite(float(count))):
            raise InvalidParameterValue(f"The value {value}, seen {count} times, is invalid.")
        seen[float(value)] = seen.get(float(value), 0) + int(float(count))
    return {value: count for value, count in seen.items() if count > 0}


def _put_single(backend: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
    with _writing:
        before = len(backend.metric_data)
        _put_data(backend, namespace, metric_data)
        for datum in backend.metric_data[before:]:
            if (sample := _sample(datum)).count > 0:
                series = series_of(namespace, datum.name, datum.dimensions)
                _all_series(backend).setdefault(series, []).append(sample)


def put_values(backend: Any, namespace: str, datum: Mapping[str, Any], values: Mapping[float, int]) -> None:
    """Each value so many times: a percentile needs every one of them. moto's own list gets their sum."""
    if not values:
        return
    total, count = sum(value * times for value, times in values.items()), sum(values.values())
    summed = {"Sum": total, "SampleCount": count, "Minimum": min(values), "Maximum": max(values)}
    with _writing:
        _put_data(backend, namespace, [{**datum, "StatisticValues": summed}])
        put = backend.metric_data[-1]
        _all_series(backend).setdefault(series_of(namespace, put.name, put.dimensions), []).extend(
            Sample(
                time=_time(put),
                minimum=value,
                maximum=value,
                total=value * times,
                count=times,
                unit=put.unit,
            )
            for value, times in values.items()
        )


def _sample(datum: Any) -> Sample:
    alone = getattr(datum, "value", None)
    return Sample(
        time=_time(datum),
        minimum=datum.min if alone is None else alone,
        maximum=datum.max if alone is None else alone,
        total=datum.sum if alone is None else alone,
        count=datum.sample_count if alone is None else 1.0,
        unit=datum.unit,
    )


def _time(datum: Any) -> float:
    return _seconds(datum.timestamp)


def _seconds(moment: datetime) -> float:
    """Since 1970; moto's moments have no zone and are UTC's."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _create(alarm: Any, *args: Any, **kwargs: Any) -> None:
    _init_alarm(alarm, *args, **kwargs)
    alarm.state_value = alarm.acted_on = "INSUFFICIENT_DATA"


def _put_keeping_state(backend: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """A changed alarm keeps its state until it is evaluated."""
    before = backend.alarms.get(name)
    alarm: Any = _put_alarm(backend, name, *args, **kwargs)
    if before is not None:
        for kept in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp"):
            setattr(alarm, kept, getattr(before, kept))
        alarm.acted_on, alarm.history = before.acted_on, before.history
    return alarm


def _put_checked(response: Any) -> ActionResult:
    if response._get_param("MetricName"):
        _check(response)
    result: ActionResult = _put_alarm_action(response)
    return result


def _check(response: Any) -> None:
    """Refuse what can't be evaluated; metric math is kept, and not evaluated in rehearsal."""
    period = response._get_int_param("Period")
    if period is None or (period not in _SHORT_PERIODS and (period < 1 or period % 60)):
        raise ValidationError(f"Period must be 10, 20, 30 or a multiple of 60, not {period}")
    if (periods := response._get_int_param("EvaluationPeriods")) is None:
        raise ValidationError("EvaluationPeriods must be given for an alarm of a metric")
    if (least := response._get_int_param("DatapointsToAlarm")) is not None and not 1 <= least <= periods:
        raise ValidationError(f"DatapointsToAlarm {least} must be from 1 to EvaluationPeriods {periods}")
    treatment = response._get_param("TreatMissingData") or "missing"
    if treatment not in _TREATMENTS:
        raise ValidationError(f"TreatMissingData {treatment} is not one of {', '.join(_TREATMENTS)}")
    statistic = response._get_param("Statistic")
    percentile = response._get_param("ExtendedStatistic") or ""
    if statistic not in STATISTICS and not _PERCENTILE.fullmatch(percentile):
        raise ValidationError(
            f"{percentile or statistic} is not one of {', '.join(STATISTICS)} or a percentile such as p95"
        )
    comparison = response._get_param("ComparisonOperator")
    if comparison not in COMPARISONS:
        raise ValidationError(
            f"The rehearsal has no ComparisonOperator {comparison}: {', '.join(COMPARISONS)}"
        )
    if response._get_param("Threshold") is None:
        raise ValidationError("Threshold is required")


def _update_state(alarm: Any, reason: str, reason_data: str | None, state_value: str) -> None:
    note(alarm, "StateUpdate", f"Alarm updated from {alarm.state_value} to {state_value}", reason)
    alarm.state_reason, alarm.state_reason_data = reason, reason_data
    alarm.state_value, alarm.state_updated_timestamp = state_value, utcnow()


def note(alarm: Any, kind: str, summary: str, data: str) -> None:
    """A line of the alarm's history."""
    alarm.history.insert(
        0,
        {
            "AlarmName": alarm.name,
            "AlarmType": "CompositeAlarm" if alarm.rule else "MetricAlarm",
            "Timestamp": utcnow(),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": data,
        },
    )
    del alarm.history[_HISTORY:]


def _describe_history(response: Any) -> ActionResult:
    name, kind = response._get_param("AlarmName"), response._get_param("HistoryItemType")
    items = [
        item
        for alarm in list(response.cloudwatch_backend.alarms.values())
        for item in list(alarm.history)
        if name in (None, alarm.name) and kind in (None, item["HistoryItemType"])
    ]
    items.sort(key=lambda item: item["Timestamp"], reverse=True)
    return ActionResult({"AlarmHistoryItems": items[: response._get_int_param("MaxRecords", 100)]})


def _get_statistics(response: Any) -> ActionResult:
    """Of exactly these dimensions, by whole periods; moto adds up all metrics that have them among others."""
    name, period = response._get_param("MetricName"), response._get_int_param("Period")
    begin, end = (_seconds(response._get_param(bound)) for bound in ("StartTime", "EndTime"))
    dimensions = frozenset(
        (dimension["Name"], dimension["Value"]) for dimension in response._get_param("Dimensions", [])
    )
    found = [
        sample
        for sample in samples(
            response.cloudwatch_backend, (response._get_param("Namespace"), name, dimensions)
        )
        if begin // period * period <= sample.time < end
        and response._get_param("Unit") in (None, sample.unit)
    ]
    datapoints = []
    for start in sorted({sample.time // period * period for sample in found}):
        within = [sample for sample in found if start <= sample.time < start + period]
        wanted = response._get_param("Statistics", [])
        extended = response._get_param("ExtendedStatistics", [])
        datapoints.append(
            {
                "Timestamp": datetime.fromtimestamp(start, UTC),
                "Unit": within[0].unit,
                **{name: metrics.statistic(within, name) for name in wanted},
                "ExtendedStatistics": {name: metrics.statistic(within, name) for name in extended},
            }
        )
    return ActionResult({"Label": name, "Datapoints": datapoints})
