"""CloudWatch in rehearsal: metrics of what runs, alarms that go off and what they set going."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testkit.load import Load
from testkit.waiting import eventually
from tests.rehearsal.cloud.depth_alarm import alarm, described, put
from tests.rehearsal.cloud.fleet import SERVER, Fleet
from tests.rehearsal.cloud.running import RunningCloud


@pytest.fixture(scope="module")
def group(cloud: RunningCloud) -> Iterator[Fleet]:
    """A group of one."""
    fleet = Fleet(cloud)
    fleet.create_group("app", size=1)
    fleet.wait_for_healthy(1)
    yield fleet
    fleet.delete_group("app")


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


def test_a_log_event_with_metrics_in_it_sets_off_an_alarm(cloud: RunningCloud) -> None:
    """Each value of an array counts; a document that is wrong makes no metric, and both are in the log."""
    cloudwatch, logs = cloud.client("cloudwatch"), cloud.client("logs")
    logs.create_log_group(logGroupName="servers")
    logs.create_log_stream(logGroupName="servers", logStreamName="i-1/app")
    now = datetime.now(UTC)

    def event(**members: Any) -> dict[str, Any]:
        metadata = {
            "Timestamp": int((now - timedelta(minutes=1)).timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": "Embedded",
                    "Dimensions": [[], ["Queue"]],
                    "Metrics": [{"Name": "Depth", "Unit": "Count"}],
                }
            ],
        }
        message = json.dumps({"_aws": metadata, "Queue": "sms", **members})
        return {"timestamp": int(now.timestamp() * 1000), "message": message}

    logs.put_log_events(
        logGroupName="servers",
        logStreamName="i-1/app",
        logEvents=[event(Depth=list(range(1, 101))), event(Depth="deep")],
    )
    queue = [{"Name": "Queue", "Value": "sms"}]
    alarm(cloudwatch, "deep", Namespace="Embedded", Dimensions=queue, Statistic="Maximum", Threshold=99)
    eventually(lambda: described(cloudwatch, "deep")["StateValue"] == "ALARM", within=5)
    (datapoint,) = cloudwatch.get_metric_statistics(
        Namespace="Embedded",
        MetricName="Depth",
        StartTime=now - timedelta(hours=1),
        EndTime=now,
        Period=60,
        Statistics=["SampleCount", "Sum"],
        ExtendedStatistics=["p50", "p99"],
    )["Datapoints"]
    assert (datapoint["SampleCount"], datapoint["Sum"]) == (100, 5050)
    assert datapoint["ExtendedStatistics"] == {"p50": 50, "p99": 99}
    assert len(logs.get_log_events(logGroupName="servers", logStreamName="i-1/app")["events"]) == 2


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
    cloud.advance(10)
    assert described(cloudwatch, "by-hand")["StateValue"] == "OK"


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"Period": 45}, "Period must be 10, 20, 30 or a multiple of 60, not 45"),
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm 2 must be from 1 to EvaluationPeriods 1"),
        ({"TreatMissingData": "good"}, "Value .good. at .treatMissingData."),
        ({"Statistic": "Median"}, "Value .Median. at .statistic."),
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


def test_an_alarm_of_real_errors_rolls_a_rollout_back(group: Fleet) -> None:
    """Of a version that gets ready and then fails: the balancer counts its answers, the alarm goes off."""
    cloudwatch = group.cloud.client("cloudwatch")
    dimensions = {
        "LoadBalancer": group.balancer.partition("loadbalancer/")[2],
        "TargetGroup": group.target_group.rpartition(":")[2],
    }
    alarm(
        cloudwatch,
        "errors",
        Namespace="AWS/ApplicationELB",
        MetricName="HTTPCode_Target_5XX_Count",
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        Statistic="Sum",
        Period=10,
        TreatMissingData="notBreaching",
    )
    failing = SERVER.replace("const end =", 'if (request.url === "/") response.statusCode = 500; const end =')
    version = group.new_version(failing % {"mark": "failing"})
    template = {"LaunchTemplateId": group.template, "Version": version}

    def rolled_back() -> dict[str, Any] | None:
        refreshes = group.autoscaling.describe_instance_refreshes(AutoScalingGroupName="app")
        latest: dict[str, Any] = refreshes["InstanceRefreshes"][0]
        return latest if latest["Status"] == "RollbackSuccessful" else None

    with Load(group.url, path="/") as load:
        group.autoscaling.start_instance_refresh(
            AutoScalingGroupName="app",
            Preferences={
                "MinHealthyPercentage": 100,
                "MaxHealthyPercentage": 200,
                "AutoRollback": True,
                "AlarmSpecification": {"Alarms": ["errors"]},
                "BakeTime": 60,
            },
            DesiredConfiguration={"LaunchTemplate": template},
        )
        eventually(lambda: group.answering() == set(), within=30)
        group.cloud.advance(10)
        assert eventually(rolled_back, within=60)["StatusReason"] == "the alarm errors is in the ALARM state"
        outcome = load.stop()
    assert outcome.failed > 0
    group.wait_for_answers_of(1)
    assert group.answering("mark") == {"1"}


def test_a_group_follows_its_metric_out_and_in(group: Fleet) -> None:
    """Twice the target: a second server, told with the alarm's name; hardly any work: one is enough."""
    cloudwatch = group.cloud.client("cloudwatch")

    def work(value: float, *, count: int, ages: range) -> None:
        now = group.cloud.now()
        data = [
            {
                "MetricName": "Work",
                "Values": [value],
                "Counts": [count],
                "Timestamp": now - timedelta(seconds=10 * age),
            }
            for age in ages
        ]
        cloudwatch.put_metric_data(Namespace="Test", MetricData=data)

    def desired() -> int:
        return int(group.groups()[0]["DesiredCapacity"])

    work(100, count=1, ages=range(1, 4))
    tracked = {"MetricName": "Work", "Namespace": "Test", "Statistic": "Average", "Period": 10}
    alarms = group.autoscaling.put_scaling_policy(
        AutoScalingGroupName="app",
        PolicyName="work",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"CustomizedMetricSpecification": tracked, "TargetValue": 50},
    )["Alarms"]
    (policy,) = group.autoscaling.describe_policies(AutoScalingGroupName="app")["ScalingPolicies"]
    assert policy["Alarms"] == alarms
    high, low = (described(cloudwatch, one["AlarmName"]) for one in alarms)
    assert [one["AlarmActions"] for one in (high, low)] == [[policy["PolicyARN"]]] * 2
    assert (high["Threshold"], high["EvaluationPeriods"]) == (50, 3)
    assert (low["Threshold"], low["EvaluationPeriods"]) == (45, 15)
    eventually(lambda: desired() == 2, within=5)
    group.wait_for_healthy(2)
    (latest, *_) = group.autoscaling.describe_scaling_activities(AutoScalingGroupName="app")["Activities"]
    assert latest["Cause"].startswith(
        f"a monitor alarm {high['AlarmName']} in state ALARM triggered policy work changing the desired"
        " capacity from 1 to 2"
    )
    work(1, count=1000, ages=range(-3, 18))
    group.cloud.advance(10)
    eventually(lambda: desired() == 1, within=5)
    group.wait_for_healthy(1)
    group.autoscaling.delete_policy(AutoScalingGroupName="app", PolicyName="work")
    names = [one["AlarmName"] for one in alarms]
    assert cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"PolicyType": "StepScaling"}, "the rehearsal scales by TargetTrackingScaling alone"),
        (
            {
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration": {
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageNetworkIn"},
                    "TargetValue": 1,
                },
            },
            "PredefinedMetricType ASGAverageNetworkIn: the rehearsal publishes no such metric",
        ),
        (
            {
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration": {
                    "CustomizedMetricSpecification": {"MetricName": "Work", "Namespace": "Test"},
                    "TargetValue": 1,
                },
            },
            "Statistic None one of Average",
        ),
    ],
)
def test_a_policy_that_nothing_would_follow_is_refused(
    group: Fleet, policy: dict[str, Any], message: str
) -> None:
    """In words."""
    with pytest.raises(ClientError, match=message):
        group.autoscaling.put_scaling_policy(AutoScalingGroupName="app", PolicyName="refused", **policy)
