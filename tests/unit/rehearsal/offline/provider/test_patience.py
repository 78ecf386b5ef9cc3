"""The provider waits for AWS as the official one does."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rehearsal.offline.provider.patience import PatientClient


def refusal(code: str, message: str = "", attempts: int = 0) -> ClientError:
    error: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"RetryAttempts": attempts},
    }
    return ClientError(error, "Some")


class Client:
    """Each operation gives or raises one thing after another."""

    def __init__(self, **operations: list[Any]) -> None:
        self.meta = SimpleNamespace(method_to_api_mapping=operations)
        self.left = operations

    def can_paginate(self, _: str) -> bool:
        return False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**_: Any) -> Any:
            outcome = self.left[name].pop(0)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return call


def test_what_was_just_made_is_asked_for_until_it_is_found() -> None:
    """Terraform: a not-found error of a new resource is tried again."""
    missing = refusal("InvalidVpcID.NotFound")
    client = Client(create_vpc=[{"Vpc": {"VpcId": "vpc-1"}}], describe_vpcs=[missing, missing, {"Vpcs": []}])
    waits: list[float] = []
    patient = PatientClient(client, sleep=waits.append)
    patient.create_vpc()
    assert patient.describe_vpcs(VpcIds=["vpc-1"]) == {"Vpcs": []}
    assert len(waits) == 2


def test_what_was_not_made_here_or_is_deleted_is_gone_at_once() -> None:
    """The twin."""
    missing = refusal("InvalidVpcID.NotFound")
    client = Client(
        create_vpc=[{"Vpc": {"VpcId": "vpc-1"}}], describe_vpcs=[missing, missing], delete_vpc=[{}]
    )
    patient = PatientClient(client, sleep=lambda _: pytest.fail("waited"))
    with pytest.raises(ClientError):
        patient.describe_vpcs(VpcIds=["vpc-1"])
    patient.create_vpc()
    patient.delete_vpc(VpcId="vpc-1")
    with pytest.raises(ClientError):
        patient.describe_vpcs(VpcIds=["vpc-1"])


def test_a_role_that_has_not_spread_is_waited_for() -> None:
    """By the messages for which the official provider waits."""
    late = refusal("InvalidParameter", "Unable to assume given IAM role")
    waits: list[float] = []
    patient = PatientClient(Client(create_flow_logs=[late, {"FlowLogIds": []}]), sleep=waits.append)
    assert patient.create_flow_logs() == {"FlowLogIds": []}
    assert len(waits) == 1


def test_a_deletion_whose_answer_was_lost_has_been_done() -> None:
    """boto3 asked again, and it was gone; one that was gone at the first attempt says so."""
    patient = PatientClient(
        Client(delete_role=[refusal("NoSuchEntity", attempts=1), refusal("NoSuchEntity")])
    )
    assert patient.delete_role(RoleName="app") == {}
    with pytest.raises(ClientError):
        patient.delete_role(RoleName="app")
