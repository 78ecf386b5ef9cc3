"""Which calls a client may repeat, and how a request is changed."""

from io import BytesIO
from typing import Any

import pytest

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean.question import ask, repeatable


@pytest.mark.parametrize(
    ("service", "operation", "members", "may"),
    [
        ("ec2", "DescribeVpcs", {}, True),
        ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16"}, False),
        ("ec2", "CreateNatGateway", {"ClientToken": "one"}, True),
        ("ec2", "CreateNatGateway", {}, False),
        ("iam", "CreateRole", {"RoleName": "app"}, False),
        ("ecs", "RunTask", {"clientToken": "one"}, True),
        ("autoscaling", "StartInstanceRefresh", {}, True),
        ("autoscaling", "CompleteLifecycleAction", {}, True),
        ("elbv2", "DeleteListener", {}, True),
    ],
)
def test_a_call_may_be_repeated(service: str, operation: str, members: dict[str, Any], may: bool) -> None:
    """Without harm, or with an idempotency token: only then its answer is lost."""
    assert repeatable(JudgedCall(service=service, operation=operation, members=members)) is may


def test_members_are_put_into_a_request_and_out_of_it() -> None:
    """Of JSON and of a form, and the length follows."""
    environ: dict[str, Any] = {"HTTP_X_AMZ_TARGET": "x", "wsgi.input": BytesIO(b'{"limit": 5, "name": "a"}')}
    ask(
        environ,
        JudgedCall(service="logs", operation="DescribeLogGroups", members={}),
        {"nextToken": "n"},
        {"limit"},
    )
    assert environ["wsgi.input"].read() == b'{"name": "a", "nextToken": "n"}'
    assert environ["CONTENT_LENGTH"] == "31"
    environ = {"wsgi.input": BytesIO(b"Action=DescribeVpcs&MaxResults=5&Filter.1.Name=a%20b")}
    ask(environ, JudgedCall(service="ec2", operation="DescribeVpcs", members={}), {}, {"MaxResults"})
    assert environ["wsgi.input"].read() == b"Action=DescribeVpcs&Filter.1.Name=a+b"
