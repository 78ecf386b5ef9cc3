"""An answer that was read and written means the same to a client."""

import boto3
import pytest
from botocore.parsers import create_parser
from moto import mock_aws
from werkzeug.wrappers import Response

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.mean import answer

OPERATIONS = {
    "ec2": ("DescribeSecurityGroups", "describe_security_groups"),
    "autoscaling": ("DescribeAutoScalingGroups", "describe_auto_scaling_groups"),
    "iam": ("ListRoles", "list_roles"),
    "rds": ("DescribeDBParameterGroups", "describe_db_parameter_groups"),
    "elbv2": ("DescribeSSLPolicies", "describe_ssl_policies"),
}


@pytest.mark.parametrize("service", OPERATIONS)
@mock_aws
def test_xml_that_was_written_again_reads_the_same(service: str) -> None:
    """By the parser that boto3 has, of answers that moto gives."""
    operation, method = OPERATIONS[service]
    client = boto3.Session("x", "x").client(service, "eu-central-1")
    bodies: list[bytes] = []
    client.meta.events.register(
        "before-parse.*", lambda response_dict, **_: bodies.append(response_dict["body"])
    )
    getattr(client, method)()
    call = JudgedCall(service=service, operation=operation, members={})
    response = Response(bodies[0], 200)
    members = answer.read(call, response, is_json=False)
    assert members
    answer.write(call, response, members, is_json=False)
    assert parsed(call, response.get_data()) == parsed(call, bodies[0])


def parsed(call: JudgedCall, body: bytes) -> object:
    parser = create_parser(call.model.service_model.protocol)
    assert call.model.output_shape is not None
    members = parser.parse({"status_code": 200, "headers": {}, "body": body}, call.model.output_shape)
    members.pop("ResponseMetadata", None)
    return members


def test_errors_and_unknown_protocols_stay_as_they_are() -> None:
    """They are read by nobody here."""
    call = JudgedCall(service="ec2", operation="DescribeVpcs", members={})
    assert answer.read(call, Response(b"<Response/>", 400), is_json=False) is None
    call = JudgedCall(service="s3", operation="ListBuckets", members={})
    assert answer.read(call, Response(b"<x/>", 200), is_json=False) is None
