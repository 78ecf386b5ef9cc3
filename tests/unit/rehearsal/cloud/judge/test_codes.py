"""The error codes of the table of mistakes are AWS's."""

from typing import Any

from rehearsal.cloud.judge.call import service_model
from tests.rehearsal.cloud.mistakes import MISTAKES

COMMON = {
    # https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html, and so for the others.
    **{service: {"ValidationError"} for service in ("autoscaling", "cloudwatch", "elbv2", "iam")},
    **{service: {"ValidationException"} for service in ("acm", "kms", "secretsmanager")},
    "elasticache": {"MissingParameter"},
    # https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html: a body that its model does not fit
    "logs": {"SerializationException"},
    # https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
    "rds": {"InvalidParameterCombination", "InvalidParameterValue", "MissingParameter"},
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    "s3": {
        *("BucketNotEmpty", "InvalidArgument", "InvalidBucketName", "KeyTooLongError", "MalformedPolicy"),
        *("MalformedXML", "NoSuchBucket", "NoSuchKey", "PreconditionFailed"),
    },
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/CommonErrors.html
    "ssm": {"AccessDeniedException", "ValidationException"},
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html: EC2's model names none
    "ec2": {
        *("DependencyViolation", "InstanceLimitExceeded", "InvalidAMIID.NotFound"),
        *("InvalidAllocationID.NotFound",),
        *("InvalidGatewayID.NotFound", "InvalidGroup.Duplicate", "InvalidGroup.NotFound"),
        *("InvalidIPAddress.InUse", "InvalidInstanceID.Malformed", "InvalidInstanceID.NotFound"),
        *("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.AlreadyExistsException"),
        *("InvalidLaunchTemplateName.MalformedException", "InvalidParameter", "InvalidParameterValue"),
        *("InvalidPermission.Duplicate", "InvalidPermission.NotFound", "InvalidRouteTableID.NotFound"),
        *("InvalidServiceName", "InvalidSubnet.Conflict", "InvalidSubnet.Range", "InvalidSubnetID.NotFound"),
        *("InvalidUserData.Malformed", "InvalidVpc.Range", "InvalidVpcID.NotFound", "MissingParameter"),
        *("Resource.AlreadyAssociated", "RouteAlreadyExists"),
    },
}
"""Codes that a service documents for all of its operations."""


def test_every_code_is_one_that_aws_documents() -> None:
    """For the operation, in botocore's model of its errors, or for all operations of the service."""
    for mistake in MISTAKES:
        shapes: list[Any] = service_model(mistake.service).operation_model(mistake.operation).error_shapes
        known = {shape.error_code for shape in shapes} | COMMON.get(mistake.service, set())
        assert mistake.code in known, mistake.what


def test_there_are_mistakes_of_many_kinds_and_services() -> None:
    """At least 80, each another one."""
    assert len({(mistake.operation, mistake.what) for mistake in MISTAKES}) == len(MISTAKES) >= 80
    assert len({mistake.service for mistake in MISTAKES}) >= 14
