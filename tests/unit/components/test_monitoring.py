"""Alarms: the table, and what becomes of it."""

import json
from functools import cache
from typing import Any

from components.alarms import alarms
from components.monitoring import Monitoring, MonitoringArgs, MonitoringSettings, watched
from testkit.registered import Registered, register
from tests.unit.components.rolled import COMMON

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
TABLE = alarms(max_connections=400, free_storage_gib=10, app_namespace="kit")


@cache
def monitoring(alarm_email: str | None = None) -> Registered:
    args = MonitoringArgs(
        settings=MonitoringSettings(alarm_email=alarm_email),
        alarms=TABLE,
        watched=watched(
            balancer_arn_suffix="app/kit/1",
            target_group_arn_suffix="targetgroup/kit/2",
            auto_scaling_group="kit",
            database="kit",
            sessions=["kit-001", "kit-002"],
            cache=[],
        ),
        app_namespace="kit",
        log_group="servers",
        common=COMMON,
    )
    return register(lambda: Monitoring("kit", args))


def test_names_of_alarms_are_their_own() -> None:
    """Each is part of a resource's name."""
    assert len({alarm.name for alarm in TABLE}) == len(TABLE) == 15


def test_thresholds_follow_the_budgets() -> None:
    """Four fifths of the connections; storage in bytes, as the metric is."""
    thresholds = {alarm.name: alarm.threshold for alarm in TABLE}
    assert thresholds["database-connections"] == 320
    assert thresholds["database-storage"] == 10 * 1024**3


def test_errors_stop_a_rollout_and_nothing_else_does() -> None:
    """A busy database is no reason to take a release back."""
    assert [alarm.name for alarm in TABLE if alarm.stops_rollout] == ["app-errors", "balancer-errors"]


def test_monitoring_is_made_of_exactly_this() -> None:
    """An alarm a row, and one a member for what has several: two of Redis twice."""
    assert monitoring().types == {
        "aws:sns/topic:Topic": 1,
        ALARM: 17,
        "aws:cloudwatch/dashboard:Dashboard": 1,
        "aws:rds/eventSubscription:EventSubscription": 3,
    }


def test_an_address_is_told_by_e_mail() -> None:
    """And only with one is there a subscription."""
    subscription = monitoring("on-call@example.com")[
        "aws:sns/topicSubscription:TopicSubscription", "kit-email"
    ]
    assert subscription == {"topic": "arn:kit", "protocol": "email", "endpoint": "on-call@example.com"}


def test_the_topic_is_encrypted() -> None:
    """SNS.1, with the stack's key, which lets CloudWatch publish."""
    assert monitoring()["aws:sns/topic:Topic", "kit"] == {"kmsMasterKeyId": "arn:key"}


def test_an_alarm_says_what_it_means() -> None:
    """To whom it is sent, whenever it goes off or ends."""
    assert monitoring()[ALARM, "kit-latency"] == {
        "alarmDescription": "One request in 20 takes over 0.2 s. Look at Performance Insights and the cache.",
        "namespace": "AWS/ApplicationELB",
        "metricName": "TargetResponseTime",
        "dimensions": {"LoadBalancer": "app/kit/1", "TargetGroup": "targetgroup/kit/2"},
        "extendedStatistic": "p95",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 0.2,
        "period": 60,
        "evaluationPeriods": 5,
        "treatMissingData": "notBreaching",
        "alarmActions": ["arn:kit"],
        "okActions": ["arn:kit"],
    }


def test_an_alarm_of_the_app_has_no_dimension() -> None:
    """Its namespace is the stack's own."""
    alarm = monitoring()[ALARM, "kit-dead-letters"]
    assert (alarm["namespace"], alarm["metricName"]) == ("kit", "DeadLetters")
    assert "dimensions" not in alarm


def dashboard() -> list[dict[str, Any]]:
    """Its widgets."""
    body = json.loads(monitoring()["aws:cloudwatch/dashboard:Dashboard", "kit"]["dashboardBody"])
    widgets: list[dict[str, Any]] = body["widgets"]
    return widgets


def test_the_dashboard_shows_rollouts_each_alarm_once_and_the_app() -> None:
    """With all members of a part in one graph."""
    widgets = dashboard()
    graphs = {one["properties"]["title"]: one["properties"] for one in widgets}
    assert list(graphs) == [
        "servers and requests",
        *(alarm.name for alarm in TABLE),
        "requests of the app, ms",
        "reads of each cache, hit rate in %",
        "the queue's jobs",
        "the pool's connections",
        "top queries",
    ]
    target_group = ["LoadBalancer", "app/kit/1", "TargetGroup", "targetgroup/kit/2"]
    assert graphs["servers and requests"]["metrics"] == [
        ["AWS/ApplicationELB", "HealthyHostCount", *target_group, {"stat": "Minimum"}],
        ["AWS/ApplicationELB", "UnHealthyHostCount", *target_group, {"stat": "Maximum"}],
        ["AWS/ApplicationELB", "RequestCount", *target_group, {"stat": "Sum", "yAxis": "right"}],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", *target_group, {"stat": "Sum", "yAxis": "right"}],
    ]
    assert graphs["redis-cpu"]["metrics"] == [
        ["AWS/ElastiCache", "EngineCPUUtilization", "CacheClusterId", "kit-001"],
        ["AWS/ElastiCache", "EngineCPUUtilization", "CacheClusterId", "kit-002"],
    ]
    assert graphs["pool-waiting"]["metrics"] == [["kit", "PoolWaiting"]]
    assert graphs["top queries"]["query"].startswith("SOURCE 'servers' | filter message = 'top queries'")


def test_no_widget_lies_on_another() -> None:
    """Nor do they leave the grid, which is 24 wide."""
    taken = [
        (x, y)
        for one in dashboard()
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) == 23


def test_the_database_tells_of_its_events() -> None:
    """RDS.20, RDS.21, RDS.22."""
    subscriptions = monitoring().all("aws:rds/eventSubscription:EventSubscription").values()
    assert {one["sourceType"] for one in subscriptions} == {
        "db-instance",
        "db-parameter-group",
        "db-security-group",
    }
