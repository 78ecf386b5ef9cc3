"""Logs, metrics, alarms and topics."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

cloudwatch = partial(Mistake, service="cloudwatch")
logs = partial(Mistake, service="logs")
sns = partial(Mistake, service="sns")


def alarm(*, without: str = "", **members: Any) -> dict[str, Any]:
    """The members of PutMetricAlarm."""
    right = {
        "AlarmName": "new",
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **members,
    }
    return {name: value for name, value in right.items() if name != without}


WATCHING = (
    logs(
        what="a log group's name with a space",
        operation="CreateLogGroup",
        members={"logGroupName": "new group"},
        code="InvalidParameterException",
    ),
    logs(
        what="a second log group of a name",
        operation="CreateLogGroup",
        members={"logGroupName": "standing"},
        code="ResourceAlreadyExistsException",
    ),
    logs(
        what="logs for eight days",
        operation="PutRetentionPolicy",
        members={"logGroupName": "standing", "retentionInDays": 8},
        code="InvalidParameterException",
    ),
    logs(
        what="a log group that is not there",
        operation="PutRetentionPolicy",
        members={"logGroupName": "absent", "retentionInDays": 7},
        code="ResourceNotFoundException",
    ),
    logs(
        what="a number in words",
        operation="PutRetentionPolicy",
        members={"logGroupName": "standing", "retentionInDays": "seven"},
        code="SerializationException",
    ),
    cloudwatch(
        what="a comparison that there is not",
        operation="PutMetricAlarm",
        members=alarm(ComparisonOperator="MoreThan"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm that evaluates nothing",
        operation="PutMetricAlarm",
        members=alarm(EvaluationPeriods=0),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm without a number of periods",
        operation="PutMetricAlarm",
        members=alarm(without="EvaluationPeriods"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm without a threshold",
        operation="PutMetricAlarm",
        members=alarm(without="Threshold"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm that watches nothing",
        operation="PutMetricAlarm",
        members=alarm(without="MetricName"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm that reads its metric in two ways",
        operation="PutMetricAlarm",
        members=alarm(ExtendedStatistic="p99"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm of minutes that looks at more than a day",
        operation="PutMetricAlarm",
        members=alarm(EvaluationPeriods=1441),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm of hours that looks at more than seven days",
        operation="PutMetricAlarm",
        members=alarm(Period=3600, EvaluationPeriods=169),
        code="ValidationError",
    ),
    cloudwatch(
        what="a period of 25 seconds",
        operation="PutMetricAlarm",
        members=alarm(Period=25),
        code="ValidationError",
    ),
    cloudwatch(
        what="more datapoints than periods",
        operation="PutMetricAlarm",
        members=alarm(DatapointsToAlarm=2),
        code="ValidationError",
    ),
    cloudwatch(
        what="a percentile beyond 100",
        operation="PutMetricAlarm",
        members=alarm(without="Statistic", ExtendedStatistic="p101"),
        code="ValidationError",
    ),
    cloudwatch(
        what="an alarm's action that is no ARN",
        operation="PutMetricAlarm",
        members=alarm(AlarmActions=["call-me"]),
        code="ValidationError",
    ),
    cloudwatch(
        what="a dashboard that is no JSON",
        operation="PutDashboard",
        members={"DashboardName": "new", "DashboardBody": "graphs"},
        code="InvalidParameterInput",
    ),
    sns(
        what="a topic's name with a space",
        operation="CreateTopic",
        members={"Name": "new topic"},
        code="InvalidParameter",
    ),
    sns(
        what="a protocol that there is not",
        operation="Subscribe",
        members={"TopicArn": "{topic}", "Protocol": "pigeon", "Endpoint": "roof"},
        code="InvalidParameter",
    ),
    sns(
        what="an address that is none",
        operation="Subscribe",
        members={"TopicArn": "{topic}", "Protocol": "email", "Endpoint": "nobody"},
        code="InvalidParameter",
    ),
    sns(
        what="a topic that is not there",
        operation="Subscribe",
        members={"TopicArn": "{topic}0", "Protocol": "email", "Endpoint": "someone@evenkeel.test"},
        code="NotFound",
    ),
)
