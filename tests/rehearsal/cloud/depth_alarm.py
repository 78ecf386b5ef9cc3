"""A metric of the tests' own, and alarms of it."""

from datetime import UTC, datetime, timedelta
from typing import Any


def put(cloudwatch: Any, *values: float, name: str = "Depth") -> None:
    """A value a minute, the last one in the minute that has just ended."""
    now = datetime.now(UTC)
    cloudwatch.put_metric_data(
        Namespace="Test",
        MetricData=[
            {"MetricName": name, "Value": value, "Timestamp": now - timedelta(minutes=age)}
            for age, value in enumerate(reversed(values), start=1)
        ],
    )


def alarm(cloudwatch: Any, name: str, **more: Any) -> None:
    """Above 10 on average in the last minute."""
    cloudwatch.put_metric_alarm(
        **{
            "AlarmName": name,
            "Namespace": "Test",
            "MetricName": "Depth",
            "Statistic": "Average",
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 10,
            "Period": 60,
            "EvaluationPeriods": 1,
            **more,
        }
    )


def described(cloudwatch: Any, name: str) -> dict[str, Any]:
    """The alarm as it is now."""
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    result: dict[str, Any] = found
    return result
