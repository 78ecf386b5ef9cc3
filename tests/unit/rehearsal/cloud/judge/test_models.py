"""What botocore's models demand, and how a service says that it is not so."""

from typing import Any

import pytest

from rehearsal.cloud.judge import models
from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import refusal
from rehearsal.cloud.judge.violation import ViolationKind


def call(service: str, operation: str, **members: Any) -> JudgedCall:
    """A call with these members."""
    return JudgedCall(service=service, operation=operation, members=members)


@pytest.mark.parametrize(
    ("wrong", "kind", "path"),
    [
        (call("logs", "CreateLogGroup"), ViolationKind.MISSING, ("logGroupName",)),
        (call("logs", "CreateLogGroup", logGroupName="a b"), ViolationKind.VALUE, ("logGroupName",)),
        (call("logs", "CreateLogGroup", logGroupName=7), ViolationKind.TYPE, ("logGroupName",)),
        (call("logs", "CreateLogGroup", logGroupName="g" * 513), ViolationKind.VALUE, ("logGroupName",)),
        (call("kms", "CreateKey", KeySpec="RSA_1024"), ViolationKind.VALUE, ("KeySpec",)),
        (
            call("ecs", "RunTask", taskDefinition="d", overrides={"containerOverrides": [{"cpu": "1"}]}),
            ViolationKind.TYPE,
            ("overrides", "containerOverrides", 0, "cpu"),
        ),
    ],
)
def test_a_member_that_breaks_the_model_is_named(
    wrong: JudgedCall, kind: ViolationKind, path: tuple[str, ...]
) -> None:
    """With its place, and what kind of mistake it is."""
    (violation,) = models.violations(wrong)
    assert (violation.kind, violation.path) == (kind, path)


def test_a_range_written_for_java_takes_an_emoji() -> None:
    """Its patterns spell characters beyond the basic plane as two halves."""
    described = call(
        "iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument="{}", Description="a b\u00e4"
    )
    assert list(models.violations(described)) == []


def test_a_secret_is_not_in_the_message() -> None:
    """A wrong password is told without the password."""
    refused = refusal(
        call(
            "rds",
            "CreateDBInstance",
            DBInstanceIdentifier="new",
            DBInstanceClass="db.t4g.micro",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="keel",
            MasterUserPassword="short",
        )
    )
    assert refused is not None
    assert refused.code == "InvalidParameterValue"
    assert "short" not in refused.message


def test_a_service_speaks_its_own_words() -> None:
    """EC2 names the parameter; the services of the Query and JSON protocols count validation errors."""
    missing = refusal(call("ec2", "CreateSecurityGroup", GroupName="new"))
    assert missing is not None
    assert missing.message == "The request must contain the parameter Description"
    named = refusal(call("logs", "CreateLogGroup", logGroupName="a b"))
    assert named is not None
    assert named.message.startswith(
        "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint:"
        " Member must satisfy regular expression pattern: "
    )


def test_a_right_call_is_taken() -> None:
    """The twin of all that is refused."""
    assert refusal(call("logs", "CreateLogGroup", logGroupName="/evenkeel/dev/app")) is None
