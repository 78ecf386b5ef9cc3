"""More of a thing than anybody has."""

from typing import Any

import pytest

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.references import quotas


def code(service: str, members: dict[str, Any]) -> str | None:
    call = JudgedCall(service=service, operation="Any", members=members, region="eu-central-1")
    refusal = quotas.refusal(call)
    return refusal.code if refusal else None


@pytest.mark.parametrize(
    "members",
    [
        {"MinCount": 2**31},
        {"SpotInstanceRequests": [{"InstanceCount": 1001}]},
        {"Quantity": 5000},
        {"TargetCapacitySpecification": {"TotalTargetCapacity": 2000}},
        {"NumCacheClusters": 2**31},
        {"MaxSize": 100_000},
    ],
)
def test_a_request_for_more_than_the_quota_is_refused(members: dict[str, Any]) -> None:
    """Before moto makes a list of them."""
    assert code("ec2", members) == "InvalidParameterValue"


def test_what_no_quota_counts_is_let_through() -> None:
    """The twin: sizes of disks, ports, numbers of other services, and what is within."""
    assert code("ec2", {"VolumeSize": 16384, "FromPort": 5432, "MinCount": 1000}) is None
    assert code("cloudwatch", {"SampleCount": 2**31}) is None
