"""What was made just now is not known everywhere, for some seconds."""

from typing import Any

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.fresh import HIDDEN, IAM_SPREADS, Fresh
from tests.unit.rehearsal.cloud.mean.moods import Always, MoodClock


def call(service: str, operation: str, **members: Any) -> JudgedCall:
    return JudgedCall(service=service, operation=operation, members=members)


def test_a_fresh_resource_is_unknown_and_then_known_for_good() -> None:
    """Once it was found it stays so."""
    clock = MoodClock()
    fresh = Fresh(Always(1), clock)
    fresh.note(call("ec2", "CreateVpc"), {"Vpc": {"VpcId": "vpc-1"}}, 0)
    naming = call("ec2", "DescribeVpcAttribute", VpcId="vpc-1")
    unknown = fresh.unknown(naming)
    assert unknown is not None
    assert (unknown.kind.code, unknown.kind.message.format(id="vpc-1")) == (
        "InvalidVpcID.NotFound",
        "The vpc ID 'vpc-1' does not exist",
    )
    assert fresh.unknown(call("ec2", "DescribeVpcAttribute", VpcId="vpc-2")) is None
    listed: dict[str, Any] = {"Vpcs": [{"VpcId": "vpc-0"}, {"VpcId": "vpc-1"}], "NextToken": "n"}
    assert fresh.hide(call("ec2", "DescribeVpcs"), listed)
    assert listed == {"Vpcs": [{"VpcId": "vpc-0"}], "NextToken": "n"}
    clock.now = HIDDEN[1]
    assert fresh.unknown(naming) is None
    assert not fresh.hide(call("ec2", "DescribeVpcs"), {"Vpcs": [{"VpcId": "vpc-1"}]})


def test_other_services_do_not_know_a_fresh_role() -> None:
    """By its name or its ARN, for ten seconds at most."""
    clock = MoodClock()
    fresh = Fresh(Always(1), clock)
    fresh.note(call("iam", "CreateRole"), {"Role": {"RoleName": "app"}}, 0)
    assert fresh.role_unknown({"arn:aws:iam::123456789012:role/app"})
    assert fresh.role_unknown({"app"})
    assert not fresh.role_unknown({"arn:aws:iam::123456789012:role/other-app"})
    clock.now = IAM_SPREADS[1]
    assert not fresh.role_unknown({"app"})


def test_a_fresh_task_is_not_described() -> None:
    """Its id is inside of a list."""
    fresh = Fresh(Always(1), MoodClock())
    fresh.note(call("ecs", "RunTask"), {"tasks": [{"taskArn": "arn:task"}]}, 0)
    answer: dict[str, Any] = {"tasks": [{"taskArn": "arn:task"}], "failures": []}
    assert fresh.hide(call("ecs", "DescribeTasks"), answer)
    assert answer == {"tasks": [], "failures": []}


def test_what_made_nothing_is_not_remembered() -> None:
    """A RunTask that failed has no tasks."""
    fresh = Fresh(Always(1), MoodClock())
    fresh.note(call("ecs", "RunTask"), {"tasks": [], "failures": [{}]}, 0)
    assert not fresh.hide(call("ecs", "DescribeTasks"), {"tasks": [{"taskArn": "None"}]})
