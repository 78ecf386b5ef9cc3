"""The stack's alarms and scaling policies watch metrics that somebody publishes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import requests

from components.app_metrics import METRICS
from testkit.deployment import Deployment
from testkit.person import Person
from testkit.waiting import eventually

_APP = "evenkeel-local"
"""Where the app's own metrics are: the stack's name."""
_PUBLISHED = {"UnHealthyHostCount", "TargetResponseTime", "RequestCountPerTarget", "CPUUtilization"}
_NAMESPACES = {"AWS/ApplicationELB", "AWS/EC2"}
"""Of these the rehearsal has all but counts of errors, which come with the first one."""


def published(alarm: dict[str, Any]) -> bool:
    """Whether the very metric of the alarm has had a datapoint in the last minutes."""
    now = datetime.now(UTC)
    statistics = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm["Dimensions"],
        StartTime=now - timedelta(minutes=5),
        EndTime=now,
        Period=60,
        Statistics=["SampleCount"],
    )
    return bool(statistics["Datapoints"])


@pytest.mark.usefixtures("aws_environment")
def test_each_alarm_has_the_dimensions_of_a_metric(deployment: Deployment) -> None:
    """The monitoring's, and those that target tracking makes for itself: two a policy."""
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = [one for one in alarms if one["MetricName"] in _PUBLISHED and one["Namespace"] in _NAMESPACES]
    tracking = [one for one in watched if one["AlarmName"].startswith("TargetTracking-")]
    assert len(tracking) == 4
    assert {one["MetricName"] for one in watched} == _PUBLISHED

    def missing() -> list[str]:
        return [one["AlarmName"] for one in watched if not published(one)]

    def all_are_published() -> bool:
        requests.get(deployment.outputs["url"] + "/readyz", timeout=10).raise_for_status()
        return not missing()

    # What is measured over ten seconds is there after twenty.
    eventually(all_are_published, within=20, poll=1, shown=missing)


def app_metrics() -> set[tuple[str, str]]:
    """Name and dimension of each that the app has written so far."""
    pages = boto3.client("cloudwatch").get_paginator("list_metrics").paginate(Namespace=_APP)
    return {
        (metric["MetricName"], "".join(one["Name"] for one in metric["Dimensions"]))
        for page in pages
        for metric in page["Metrics"]
    }


@pytest.mark.usefixtures("aws_environment")
def test_the_app_writes_each_metric_that_the_kit_knows(deployment: Deployment) -> None:
    """In its log, and no other; the alarms on them are on those without a dimension."""
    person = Person.logged_in(deployment.outputs["url"])
    for _ in range(200):  # enough reads of the cache for a hit rate, in some worker
        person.who_am_i()
    known = {(name, dimension) for dimension, metrics in METRICS.items() for name in metrics}
    known |= {(name, "") for name, _ in known}
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    watched = [one for one in alarms if one["Namespace"] == _APP]
    assert len(watched) == 5
    assert all((one["MetricName"], "") in known for one in watched)
    eventually(  # each process writes once a minute
        lambda: app_metrics() == known and all(map(published, watched)),
        within=60,
        poll=2,
        shown=lambda: app_metrics() ^ known,
    )
