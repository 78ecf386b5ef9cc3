"""Datapoints of CloudWatch metrics: what was put, and the statistics of a period. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STATISTICS = ("Average", "Sum", "Minimum", "Maximum", "SampleCount")
"""Besides percentiles."""
Series = tuple[str, str, frozenset[tuple[str, str]]]
"""Namespace, name and dimensions: another set of dimensions is another metric."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """A statistic set; a single value is one of itself."""

    time: float
    """Seconds since 1970."""
    minimum: float
    maximum: float
    total: float
    count: float
    unit: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredResource:
    """What a service publishes of one of its resources: PutMetricData's `MetricData` of a namespace."""

    account: str
    region: str
    namespace: str
    data: Sequence[dict[str, Any]]


def datum(
    name: str, dimensions: Mapping[str, str], unit: str, value: float, count: float = 1
) -> dict[str, Any]:
    """One of PutMetricData's: `value`, `count` times."""
    return {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": one} for key, one in dimensions.items()],
        "Unit": unit,
        "StatisticValues": {
            "SampleCount": count,
            "Sum": value * count,
            "Minimum": value,
            "Maximum": value,
        },
    }


def statistic(samples: Sequence[Sample], name: str) -> float:
    """`Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or a percentile of at least one sample."""
    match name:
        case "Sum":
            return sum(sample.total for sample in samples)
        case "Minimum":
            return min(sample.minimum for sample in samples)
        case "Maximum":
            return max(sample.maximum for sample in samples)
        case "SampleCount":
            return sum(sample.count for sample in samples)
        case "Average":
            return sum(sample.total for sample in samples) / sum(sample.count for sample in samples)
    return _percentile(samples, float(name.removeprefix("p")))


def _percentile(samples: Sequence[Sample], percent: float) -> float:
    """The value below which so many lie. A set counts with its mean: CloudWatch has no more of it either."""
    weighted = sorted((sample.total / sample.count, sample.count) for sample in samples)
    left = sum(count for _, count in weighted) * percent / 100
    for value, count in weighted:
        left -= count
        if left <= 0:
            return value
    return weighted[-1][0]


def datapoints(
    samples: Iterable[Sample], name: str, *, period: int, periods: int, until: float
) -> list[float | None]:
    """The statistic of each of the last whole periods before `until`, the oldest first."""
    end = until // period * period
    begin = end - periods * period
    within: list[list[Sample]] = [[] for _ in range(periods)]
    for sample in samples:
        if begin <= sample.time < end:
            within[int((sample.time - begin) // period)].append(sample)
    return [statistic(samples_of_period, name) if samples_of_period else None for samples_of_period in within]
