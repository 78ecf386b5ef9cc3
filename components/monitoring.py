"""Who is told when something is wrong, and where to look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import pulumi
import pulumi_aws as aws
from pydantic import Field

from components.alarms import BALANCER, PERIOD, Alarm, Part
from components.app_metrics import app_graphs, top_queries
from components.common import Common
from components.values import LogRetentionDays

Dimensions = Mapping[str, pulumi.Input[str]]
DATABASE_EVENTS: Mapping[str, Sequence[str]] = {
    "db-instance": ["configuration change", "failure", "maintenance"],
    "db-parameter-group": ["configuration change"],
    "db-security-group": ["configuration change", "failure"],
}
"""By source, what RDS.20, RDS.21 and RDS.22 ask to be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MonitoringSettings:
    """Logs and alarms."""

    log_retention_days: LogRetentionDays = 365
    """1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, … as CloudWatch Logs has them."""
    alarm_email: Annotated[str, Field(pattern=r"^\S+@\S+\.\S+$")] | None = None
    """Who is told when an alarm goes off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MonitoringArgs:
    """What is watched, and whom to tell."""

    settings: MonitoringSettings
    alarms: Sequence[Alarm]
    watched: Mapping[Part, Sequence[Dimensions]]
    """The CloudWatch dimensions of each part; a part of several members gets an alarm each, one that is not
    there has none."""
    app_namespace: str
    """Of the app's own metrics."""
    log_group: pulumi.Input[str]
    """The servers'."""
    common: Common


class Monitoring(pulumi.ComponentResource):
    """Alarms on an encrypted topic, and a dashboard of what they watch.

    Makes: `aws.sns.Topic` and, with an e-mail address, its `TopicSubscription`; an
    `aws.cloudwatch.MetricAlarm` per alarm and member; a `Dashboard`; an `aws.rds.EventSubscription` per
    source.
    """

    topic_arn: pulumi.Output[str]
    rollback_alarms: list[pulumi.Output[str]]
    """Names of the alarms that stop a rollout."""

    def __init__(self, name: str, args: MonitoringArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Monitoring", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.topic_arn = self._topic(args.common.kms_key_arn, args.settings.alarm_email)
        self.rollback_alarms = []
        for alarm in args.alarms:
            for dimensions in args.watched[alarm.part]:
                metric_alarm = self._alarm(
                    alarm, dimensions, member_suffix(args.watched[alarm.part], dimensions)
                )
                if alarm.stops_rollout:
                    self.rollback_alarms.append(metric_alarm.name)
        self._dashboard(args)
        for source, categories in DATABASE_EVENTS.items() if args.watched["database"] else ():
            aws.rds.EventSubscription(
                f"{name}-{source}",
                sns_topic=self.topic_arn,
                source_type=source,
                event_categories=categories,
                opts=self._child,
            )
        self.register_outputs({"topic_arn": self.topic_arn, "rollback_alarms": self.rollback_alarms})

    def _topic(self, kms_key_arn: pulumi.Input[str], email: str | None) -> pulumi.Output[str]:
        topic = aws.sns.Topic(self._name, kms_master_key_id=kms_key_arn, opts=self._child)
        if email is not None:
            aws.sns.TopicSubscription(
                f"{self._name}-email", topic=topic.arn, protocol="email", endpoint=email, opts=self._child
            )
        return topic.arn

    def _alarm(self, alarm: Alarm, dimensions: Dimensions, suffix: str) -> aws.cloudwatch.MetricAlarm:
        return aws.cloudwatch.MetricAlarm(
            f"{self._name}-{alarm.name}{suffix}",
            alarm_description=alarm.says,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=dimensions or None,
            statistic=None if alarm.percentile else alarm.statistic,
            extended_statistic=alarm.statistic if alarm.percentile else None,
            comparison_operator=alarm.comparison,
            threshold=alarm.threshold,
            period=PERIOD,
            evaluation_periods=alarm.periods,
            # Without requests there are no such metrics.
            treat_missing_data="notBreaching",
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            opts=self._child,
        )

    def _dashboard(self, args: MonitoringArgs) -> None:
        """How a rollout goes, a graph an alarm with its threshold in the order of the table, then the app."""
        graphs = [
            graph(alarm, members, args.common.region)
            for alarm in args.alarms
            if (members := args.watched[alarm.part])
        ]
        graphs += app_graphs(args.app_namespace, args.common.region)
        widgets = [
            _widget(rollout_graph(args.watched["target_group"], args.common.region), x=0, y=0, width=24)
        ]
        widgets += [
            _widget(properties, x=at % 2 * 12, y=6 + at // 2 * 6, width=12)
            for at, properties in enumerate(graphs)
        ]
        queries = pulumi.Output.from_input(args.log_group).apply(
            lambda log_group: _widget(
                top_queries(log_group, args.common.region),
                x=0,
                y=6 * ((len(graphs) + 3) // 2),
                width=24,
                kind="log",
            )
        )
        aws.cloudwatch.Dashboard(
            self._name,
            dashboard_name=self._name,
            dashboard_body=pulumi.Output.json_dumps({"widgets": [*widgets, queries]}),
            opts=self._child,
        )


def watched(
    *,
    balancer_arn_suffix: pulumi.Input[str],
    target_group_arn_suffix: pulumi.Input[str],
    auto_scaling_group: str,
    database: pulumi.Input[str] | None,
    sessions: Sequence[pulumi.Input[str]],
    cache: Sequence[pulumi.Input[str]],
) -> Mapping[Part, Sequence[Dimensions]]:
    """The dimensions of each part of a stack: its database's identifier, the ids of its stores' nodes.

    A part that is not there has no dimensions. `cache` is empty where the cache shares the sessions' nodes.
    """
    balancer = {"LoadBalancer": balancer_arn_suffix}
    return {
        "balancer": [balancer],
        "target_group": [{**balancer, "TargetGroup": target_group_arn_suffix}],
        "servers": [{"AutoScalingGroupName": auto_scaling_group}],
        "database": [] if database is None else [{"DBInstanceIdentifier": database}],
        "redis": [{"CacheClusterId": node} for node in (*sessions, *cache)],
        "sessions": [{"CacheClusterId": node} for node in sessions],
        "app": [{}],
    }


def member_suffix(members: Sequence[Dimensions], member: Dimensions) -> str:
    """Tells a part's members apart; nothing where there is only one."""
    return f"-{members.index(member) + 1}" if len(members) > 1 else ""


def graph(alarm: Alarm, members: Sequence[Dimensions], region: str) -> dict[str, Any]:
    """The properties of one widget, as CloudWatch's dashboard body has them."""
    return {
        "title": alarm.name,
        "region": region,
        "stat": alarm.statistic,
        "period": PERIOD,
        "metrics": [
            [alarm.namespace, alarm.metric, *[part for pair in member.items() for part in pair]]
            for member in members
        ],
        "annotations": {"horizontal": [{"label": "alarm", "value": alarm.threshold}]},
    }


def rollout_graph(target_groups: Sequence[Dimensions], region: str) -> dict[str, Any]:
    """Servers on the left, requests on the right: the fewest healthy ones of each minute are what counts."""
    shown = [
        ("HealthyHostCount", {"stat": "Minimum"}),
        ("UnHealthyHostCount", {"stat": "Maximum"}),
        ("RequestCount", {"stat": "Sum", "yAxis": "right"}),
        ("HTTPCode_Target_5XX_Count", {"stat": "Sum", "yAxis": "right"}),
    ]
    return {
        "title": "servers and requests",
        "region": region,
        "period": PERIOD,
        "metrics": [
            [BALANCER, metric, *[part for pair in member.items() for part in pair], rendering]
            for metric, rendering in shown
            for member in target_groups
        ],
        "yAxis": {"left": {"min": 0}, "right": {"min": 0}},
    }


def _widget(
    properties: Mapping[str, Any], *, x: int, y: int, width: int, kind: str = "metric"
) -> dict[str, Any]:
    return {"type": kind, "width": width, "height": 6, "x": x, "y": y, "properties": properties}
