"""What IAM's policies say of a call."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal.cloud.iam.policies import allows

BUCKET = "arn:aws:s3:::bucket"
CONTEXT = {"aws:requestedregion": "eu-central-1", "aws:securetransport": "true"}


def statement(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": "s3:GetObject", "Resource": f"{BUCKET}/releases/*", **elements}


def judged(
    *statements: dict[str, Any], action: str = "s3:GetObject", resource: str | None = f"{BUCKET}/releases/1"
) -> bool:
    documents = [json.dumps({"Version": "2012-10-17", "Statement": [each]}) for each in statements]
    return allows(documents, action, resource, CONTEXT)


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], False),
        ([statement()], True),
        ([statement(Action="s3:*")], True),
        ([statement(Action=["s3:PutObject", "S3:getobject"])], True),
        ([statement(Action="s3:Get?bject")], True),
        ([statement(Action="s3:PutObject")], False),
        ([statement(Action="ssm:*")], False),
        ([statement(Resource="*")], True),
        ([statement(Resource=f"{BUCKET}/other/*")], False),
        ([statement(Resource="arn-aws:s3:::bucket/releases/*")], False),
        ([statement(Resource=f"{BUCKET}/Releases/*")], False),
        ([statement(), statement("Deny")], False),
        ([statement("Deny", Action="*", Resource="*"), statement()], False),
        ([statement("Deny", Resource=f"{BUCKET}/other/*"), statement()], True),
    ],
)
def test_a_call_needs_an_allow_and_no_deny(statements: list[dict[str, Any]], expected: bool) -> None:
    """Actions in any case, resources to the letter; the order makes no difference."""
    assert judged(*statements) == expected
    assert judged(*reversed(statements)) == expected


def test_what_is_left_out_is_named_too() -> None:
    """NotAction and NotResource are the rest."""
    rest = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": f"{BUCKET}/secret/*"}
    assert judged(rest)
    assert not judged(rest, action="iam:CreateUser")
    assert not judged(rest, resource=f"{BUCKET}/secret/1")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": ["us-east-1", "eu-central-1"]}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, False),
        ({"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringLikeIfExists": {"aws:RequestedRegion": "eu-*"}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, True),
    ],
)
def test_conditions_are_judged_where_they_are_known(condition: dict[str, Any], expected: bool) -> None:
    """What is not known holds in an Allow, and in no Deny."""
    assert judged(statement(Condition=condition)) == expected


def test_another_allows_condition_refuses_nothing() -> None:
    """Only a Deny takes away."""
    elsewhere = {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    assert judged(statement(), statement(Condition=elsewhere))
    assert judged(statement(), statement("Deny", Condition=elsewhere))
    assert judged(statement(), statement("Deny", Condition={"StringEquals": {"kms:ViaService": "x"}}))
    assert not judged(statement(), statement("Deny", Condition={"Bool": {"aws:SecureTransport": "true"}}))


def test_of_a_resource_that_is_not_known_the_action_decides() -> None:
    """And a Deny of everything."""
    assert judged(statement(), resource=None)
    assert judged(statement(), statement("Deny"), resource=None)
    assert not judged(statement(), statement("Deny", Resource="*"), resource=None)
    assert not judged(statement(Action="s3:PutObject"), resource=None)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_resource_without_wildcards_is_itself(name: str) -> None:
    """Whatever characters it has that mean something in a regular expression."""
    resource = f"{BUCKET}/{name}"
    exact = resource.replace("*", "").replace("?", "")
    assert judged(statement(Resource=exact), resource=exact)
    assert not judged(statement(Resource=exact), resource=f"{exact}x")
