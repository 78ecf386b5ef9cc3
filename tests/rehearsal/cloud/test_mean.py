"""A mean cloud, as boto3 meets it: what it does, and that a client gets through by AWS's own advice."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError

from rehearsal import daemon
from rehearsal.cloud.mean.freedoms import Freedom
from rehearsal.cloud.mean.observer import OBSERVER
from testkit.waiting import eventually
from tests.rehearsal.cloud.running import TRUST, RunningCloud

SEED = 24
"""Of the first hundred the one that throttles and fails most calls."""
PATIENT = Config(retries={"mode": "standard", "total_max_attempts": 12})
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
CALLS = 40
AT_ONCE = 8


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """A mean one, in place of the other modules' friendly ones."""
    cloud = RunningCloud(tmp_path_factory.mktemp("cloud") / "state", mean=SEED)
    try:
        yield cloud
    finally:
        status = cloud.end()
    assert status == 0, cloud.log.read_text()
    assert f"mean with seed {SEED}: throttled " in cloud.log.read_text()
    assert "can't be read" not in cloud.log.read_text()


def at_once(call: Callable[[], object], calls: int) -> None:
    """So many calls, several at a time: what one meets does not depend on the others; most is waiting."""
    with ThreadPoolExecutor(AT_ONCE) as calling:
        for each in [calling.submit(call) for _ in range(calls)]:
            each.result()


def taken(cloud: RunningCloud, freedom: Freedom) -> int:
    """How often until now."""
    count: int = daemon.freedoms(cloud.endpoint, cloud.key)["taken"][freedom.value]
    return count


def test_calls_are_refused_and_retries_get_through(cloud: RunningCloud) -> None:
    """The twin, a client that asks once, meets the errors."""
    patient, impatient, codes = cloud.client("sns", PATIENT), cloud.client("sns", ONCE), set()
    at_once(patient.list_topics, CALLS)

    def ask_once() -> None:
        try:
            impatient.list_topics()
        except ClientError as error:
            codes.add(error.response["Error"]["Code"])
        except Exception as error:
            codes.add(type(error).__name__)

    at_once(ask_once, 3 * CALLS)
    assert codes >= {"Throttling", "ConnectionClosedError"}
    assert codes & {"InternalFailure", "ServiceUnavailable"}


def most_refused_in_a_row(call: Callable[[], object], calls: int) -> int:
    """Of so many calls that a client makes once each."""
    refused = ""
    for _ in range(calls):
        try:
            call()
        except ClientError:
            refused += "x"
        except HTTPClientError:
            refused += "-"  # carried out; the answer was lost
        else:
            refused += "-"
    return max(map(len, refused.split("-")))


def test_kms_refuses_no_more_than_twice_in_a_row(cloud: RunningCloud) -> None:
    """Pulumi's engine asks three times. The twin: IAM's mood is as bad, and nothing holds it."""
    kms, iam = cloud.client("kms", ONCE), cloud.client("iam", ONCE)
    assert most_refused_in_a_row(partial(kms.generate_random, NumberOfBytes=1), 60) == 2
    assert most_refused_in_a_row(iam.list_users, 6) == 3


def test_an_observer_is_told_the_truth(cloud: RunningCloud) -> None:
    """Each call of its is answered at once, and as a whole."""
    logs = cloud.client("logs", ONCE.merge(Config(user_agent_extra=f"app/{OBSERVER}")))
    for number in range(5):
        logs.create_log_group(logGroupName=f"truth/{number}")
    for _ in range(CALLS):
        assert len(logs.describe_log_groups(logGroupNamePrefix="truth/")["logGroups"]) == 5


def test_pages_are_short_and_their_tokens_lead_on(cloud: RunningCloud) -> None:
    """A client that reads one page sees some of five."""
    logs = cloud.client("logs", PATIENT)
    names = {f"pages/{number}" for number in range(5)}
    for name in names:
        logs.create_log_group(logGroupName=name)
    sizes = set()

    def read() -> None:
        sizes.add(len(logs.describe_log_groups(logGroupNamePrefix="pages/")["logGroups"]))
        pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="pages/")
        found = [group["logGroupName"] for page in pages for group in page["logGroups"]]
        assert (len(found), set(found)) == (5, names)

    at_once(read, 10)
    assert sizes & {1, 2}


def test_a_fresh_resource_is_found_after_a_while(cloud: RunningCloud) -> None:
    """Of three at least one is not found at first, and all are in the end."""
    ec2, missing = cloud.client("ec2", PATIENT), 0
    for number in range(3):
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]

        def found(vpc: str = vpc) -> bool:
            try:
                return len(ec2.describe_vpcs(VpcIds=[vpc]).get("Vpcs", [])) == 1
            except ClientError as error:
                if error.response["Error"]["Code"] != "InvalidVpcID.NotFound":
                    raise
                return False

        missing += not found()
        eventually(found, within=10)
    assert missing
    assert taken(cloud, Freedom.NOT_FOUND_YET)


def test_a_fresh_role_is_known_to_other_services_after_a_while(cloud: RunningCloud) -> None:
    """By the message for which the official provider waits."""
    iam, ec2, logs = (cloud.client(service, PATIENT) for service in ("iam", "ec2", "logs"))
    logs.create_log_group(logGroupName="flows")
    vpc = ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"]

    def flow_log(arn: str) -> bool:
        try:
            ec2.create_flow_logs(
                ResourceIds=[vpc],
                ResourceType="VPC",
                TrafficType="ALL",
                LogGroupName="flows",
                DeliverLogsPermissionArn=arn,
            )
        except ClientError as error:
            early = error.response["Error"]["Code"] in ("InvalidParameter", "InvalidVpcID.NotFound")
            if not early and "AlreadyExists" not in str(error):
                raise
            return not early
        return True

    arns = [
        iam.create_role(RoleName=f"flows-{number}", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        for number in range(3)
    ]
    for arn in arns:
        eventually(partial(flow_log, arn), within=15)
    assert taken(cloud, Freedom.ROLE_NOT_KNOWN_YET)


def test_a_call_whose_answer_is_lost_is_done_once(cloud: RunningCloud) -> None:
    """By its idempotency token; without one the second attempt would meet the first one's template."""
    ec2, before = cloud.client("ec2", PATIENT), taken(cloud, Freedom.LOST_ANSWER)
    data: Any = {"InstanceType": "t3.micro"}
    names = iter([f"once-{number}" for number in range(CALLS // 2)])
    at_once(
        lambda: ec2.create_launch_template(LaunchTemplateName=next(names), LaunchTemplateData=data),
        CALLS // 2,
    )
    assert taken(cloud, Freedom.LOST_ANSWER) > before


def test_log_events_come_late_and_all_of_them(cloud: RunningCloud) -> None:
    """In short pages, by tokens that stay the same where there is nothing new."""
    logs = cloud.client("logs", PATIENT)
    logs.create_log_group(logGroupName="late")
    logs.create_log_stream(logGroupName="late", logStreamName="one")
    events = [{"timestamp": int(1000 * time.time()) + number, "message": str(number)} for number in range(20)]
    logs.put_log_events(logGroupName="late", logStreamName="one", logEvents=events)
    found: list[str] = []
    token: dict[str, str] = {}

    def read_on() -> bool:
        nonlocal token
        page = logs.get_log_events(logGroupName="late", logStreamName="one", startFromHead=True, **token)
        found.extend(event["message"] for event in page.get("events", []))
        token = {"nextToken": page["nextForwardToken"]}
        return len(found) >= 20

    eventually(read_on, within=20)
    assert found == [str(number) for number in range(20)]
