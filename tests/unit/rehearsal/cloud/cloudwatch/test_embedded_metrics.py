"""What becomes of a log event with metrics in it, by the specification of the embedded metric format."""

import json
from typing import Any

import pytest

from rehearsal.cloud.cloudwatch.embedded_metrics import EmbeddedMetric, InvalidDocumentError, embedded_metrics


def document(
    *,
    metrics: Any = ({"Name": "Depth", "Unit": "Count"},),
    dimensions: Any = ((),),
    timestamp: Any = 1_700_000_000_500,
    **members: Any,
) -> str:
    """A document with one directive; `Depth` is 3 unless told."""
    directive = {"Namespace": "App", "Dimensions": dimensions, "Metrics": metrics}
    metadata = {"Timestamp": timestamp, "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": metadata, "message": "metrics", "Depth": 3, **members})


def test_a_number_is_a_metric() -> None:
    """In its unit, at the document's own time; what no definition names is only log."""
    assert embedded_metrics(document()) == [
        EmbeddedMetric(
            namespace="App", name="Depth", dimensions={}, unit="Count", time=1_700_000_000.5, values=[3.0]
        )
    ]


def test_each_set_of_dimensions_is_a_metric() -> None:
    """The empty one too."""
    found = embedded_metrics(document(dimensions=[[], ["Queue"], ["Queue", "Zone"]], Queue="sms", Zone="a"))
    assert [metric.dimensions for metric in found] == [
        {},
        {"Queue": "sms"},
        {"Queue": "sms", "Zone": "a"},
    ]


def test_an_array_keeps_its_values() -> None:
    """Up to a hundred, of which CloudWatch can say percentiles."""
    (metric,) = embedded_metrics(document(Depth=[0.5] * 100))
    assert metric.values == [0.5] * 100
    assert embedded_metrics(document(Depth=[]))[0].values == []


def test_a_unit_may_be_left_out() -> None:
    """Then it is None."""
    assert embedded_metrics(document(metrics=[{"Name": "Depth"}]))[0].unit is None


@pytest.mark.parametrize(
    "line",
    [
        "a line",
        '{"message": "request"}',
        '{"_aws": {"Timestamp": 1}}',
        '{"CloudWatchMetrics": []}',
        '["CloudWatchMetrics"]',
        '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": []}}',
    ],
)
def test_other_lines_hold_no_metrics(line: str) -> None:
    """And are no errors."""
    assert embedded_metrics(line) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (document()[:-1], "no JSON object: Expecting ',' delimiter"),
        ("I say " + document(), "no JSON object"),
        (document(timestamp=None), "Timestamp is None, not whole milliseconds"),
        (document(timestamp="1700000000000"), "Timestamp is '1700000000000', not whole"),
        (document(timestamp=True), "Timestamp is True, not whole"),
        (document(metrics={}), "Metrics is {}, not an array"),
        (document(metrics=["Depth"]), r'Metrics is \["Depth"\], not an array'),
        (document(metrics=[{}]), "a Name is null, not a text of 1 to 1024 characters"),
        (document(metrics=[{"Name": "Depth"}] * 101), "101 metrics of a directive: the most is 100"),
        (document(metrics=[{"Name": "Length"}]), "Length is null, not a number or an array of numbers"),
        (document(Depth="3"), 'Depth is "3", not a number'),
        (document(Depth=True), "Depth is true, not a number"),
        (document(Depth={"Values": [1], "Counts": [1]}), "Depth is {.*}, not a number"),
        (document(Depth=[1, None]), r"Depth is \[1, null\], not a number"),
        (document(Depth=[1] * 101), "101 values of a metric: the most is 100"),
        (document(Depth=float("nan")), "NaN is no JSON number"),
        (document(dimensions=[]), "Dimensions is empty"),
        (document(dimensions=["Queue"], Queue="sms"), r'Dimensions is \["Queue"\], not an array'),
        (document(dimensions=[["Queue"]]), "a dimension's value is null"),
        (document(dimensions=[["Queue"]], Queue=1), "a dimension's value is 1, not a text"),
        (document(dimensions=[["Queue"]], Queue=""), 'a dimension\'s value is "", not a text'),
        (document(dimensions=[["Queue"] * 31], Queue="sms"), "31 dimensions of a set: the most is 30"),
    ],
)
def test_a_document_that_is_wrong_has_no_metrics_at_all(line: str, reason: str) -> None:
    """And one is told why."""
    with pytest.raises(InvalidDocumentError, match=reason):
        embedded_metrics(line)
