"""What the account has already: service-linked roles, and what others use of its quotas."""

import pytest
from botocore.exceptions import ClientError

from stacks.preflight import Target, account, quotas
from tests.unit.stacks.preflight.account import (
    ROOMY,
    allow,
    client,
    target,
)


def test_a_role_on_a_later_page_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """IAM may end a page early, even an empty one."""

    class Iam:
        def get_paginator(self, _: str) -> "Iam":
            return self

        def paginate(self, **_: str) -> list[dict[str, list[str]]]:
            return [{"Roles": []}, {"Roles": ["AWSServiceRoleForRDS"]}]

    monkeypatch.setattr(Target, "client", lambda *_: Iam())
    assert list(account.roles(target())) == []


def test_a_role_that_was_made_meanwhile_is_no_problem() -> None:
    """IAM says so in words only."""

    class Iam:
        def create_service_linked_role(self, **_: str) -> None:
            said = "Service role name AWSServiceRoleForRDS has been taken in this account"
            raise ClientError({"Error": {"Code": "InvalidInput", "Message": said}}, "CreateServiceLinkedRole")

    account.make_role(Iam(), "rds.amazonaws.com")


def test_what_the_stack_has_already_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what others use: preflight may be run again."""
    allow(monkeypatch, ROOMY | {quotas.ADDRESSES: 3})
    ec2 = client("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    assert len(list(quotas.quotas(target()))) == 1
    tags = [{"Key": "Project", "Value": "evenkeel"}, {"Key": "Stack", "Value": "prod"}]
    ec2.create_tags(Resources=[address], Tags=tags)
    assert list(quotas.quotas(target())) == []


def test_servers_of_others_count() -> None:
    """By the vCPUs of their types: Standard ones, by how they are paid."""
    assert (
        quotas.used_by({"InstanceType": "m7i.xlarge", "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}})
        == 4
    )
    assert (
        quotas.used_by({"InstanceType": "g5.xlarge", "CpuOptions": {"CoreCount": 2, "ThreadsPerCore": 2}})
        == 0
    )
    assert quotas.processors(target(app_servers={"on_demand_base": 2, "on_demand_percentage": 50})) == (
        16,
        12,
    )
