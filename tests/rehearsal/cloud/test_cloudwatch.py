"""CloudWatch in rehearsal: metrics of what runs, alarms that go off and what they set going."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.rehearsal.cloud.running import RunningCloud, eventually


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


def test_an_alarm_goes_off_and_tells_its_topic(cloud: RunningCloud) -> None:
    """By its metric; the message and the history say from which state and why."""
    cloudwatch, sns, sqs = cloud.client("cloudwatch"), cloud.client("sns"), cloud.client("sqs")
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    endpoint = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"}
    )
    put(cloudwatch, 1, 12)
    alarm(cloudwatch, "depth", AlarmActions=[topic])
    eventually(lambda: described(cloudwatch, "depth")["StateValue"] == "ALARM", within=5)
    reason = "1 out of the last 1 datapoints [12.0] was greater than the threshold (10.0)"
    assert reason in described(cloudwatch, "depth")["StateReason"]
    told = json.loads(
        eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"), within=5)[0]["Body"]
    )
    assert (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == (
        "depth",
        "INSUFFICIENT_DATA",
        "ALARM",
    )
    history = cloudwatch.describe_alarm_history(AlarmName="depth", HistoryItemType="StateUpdate")
    assert [one["HistorySummary"] for one in history["AlarmHistoryItems"]] == [
        "Alarm updated from INSUFFICIENT_DATA to ALARM"
    ]


def test_missing_data_count_as_the_alarm_says(cloud: RunningCloud) -> None:
    """A metric that nobody publishes."""
    cloudwatch = cloud.client("cloudwatch")
    states = {"notBreaching": "OK", "breaching": "ALARM", "missing": "INSUFFICIENT_DATA"}
    for treat in states:
        alarm(cloudwatch, treat, MetricName="Nothing", TreatMissingData=treat)

    def settled() -> bool:
        return {treat: described(cloudwatch, treat)["StateValue"] for treat in states} == states

    eventually(settled, within=5)


def test_a_state_set_by_hand_holds_until_the_next_evaluation(cloud: RunningCloud) -> None:
    """Which one of a high-resolution alarm has within ten seconds."""
    cloudwatch = cloud.client("cloudwatch")
    alarm(cloudwatch, "by-hand", MetricName="Nothing", Period=10, TreatMissingData="notBreaching")
    eventually(lambda: described(cloudwatch, "by-hand")["StateValue"] == "OK", within=5)
    cloudwatch.set_alarm_state(AlarmName="by-hand", StateValue="ALARM", StateReason="a test")
    assert described(cloudwatch, "by-hand")["StateReason"] == "a test"
    eventually(lambda: described(cloudwatch, "by-hand")["StateValue"] == "OK", within=12)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60, not 45"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm 2 must be from 1 to EvaluationPeriods 1"),
        ({"TreatMissingData": "good"}, "TreatMissingData good is not one of"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(
    cloud: RunningCloud, setting: dict[str, Any], message: str
) -> None:
    """With what is wrong with it."""
    with pytest.raises(ClientError, match=message):
        alarm(cloud.client("cloudwatch"), "refused", **setting)


def test_a_metric_is_of_its_dimensions_alone(cloud: RunningCloud) -> None:
    """What has more dimensions is another metric; percentiles are to be had."""
    cloudwatch, now = cloud.client("cloudwatch"), datetime.now(UTC)
    for dimensions, value in (["a"], 1.0), (["a", "b"], 5.0):
        cloudwatch.put_metric_data(
            Namespace="Test",
            MetricData=[
                {
                    "MetricName": "Size",
                    "Dimensions": [{"Name": name, "Value": "1"} for name in dimensions],
                    "Value": value,
                    "Timestamp": now,
                }
            ],
        )

    def of(*names: str) -> list[Any]:
        answer = cloudwatch.get_metric_statistics(
            Namespace="Test",
            MetricName="Size",
            Dimensions=[{"Name": name, "Value": "1"} for name in names],
            StartTime=now - timedelta(minutes=1),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )
        return [one["Sum"] for one in answer["Datapoints"]]

    assert (of("a"), of("a", "b"), of("b")) == ([1.0], [5.0], [])
