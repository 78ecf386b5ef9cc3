"""Which rights a call needs, by AWS's Service Authorization Reference and documentation."""

from typing import Any

import pytest

from rehearsal.cloud.iam.rights.actions import UnknownActionError
from rehearsal.cloud.iam.rights.needs import needs
from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.judge.call import JudgedCall

HERE = Place(partition="aws", region="eu-central-1", account="123456789012")
TAGS = [{"Key": "Stack", "Value": "local"}]
ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
ANY_KEY, ROLE = ARN.format("kms", "key/*"), "arn:aws:iam::123456789012:role/{}"
KEY = ARN.format("kms", "key/1")
BALANCER = ARN.format("elasticloadbalancing", "loadbalancer/app/shop/50dc")


def of_ec2(resource: str) -> str:
    return ARN.format("ec2", resource)


CASES: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("sts", "GetCallerIdentity", {}, set()),
    ("ec2", "DescribeVpcs", {"VpcIds": ["vpc-1"]}, {"ec2:DescribeVpcs *"}),
    (
        "ec2",
        "CreateSubnet",
        {"VpcId": "vpc-1", "TagSpecifications": [{"ResourceType": "subnet", "Tags": TAGS}]},
        {
            f"ec2:CreateSubnet {of_ec2('vpc/vpc-1')}",
            f"ec2:CreateSubnet {of_ec2('subnet/*')}",
            f"ec2:CreateTags {of_ec2('subnet/*')} ec2:CreateAction=CreateSubnet",
        },
    ),
    ("ec2", "DeleteVpc", {"VpcId": "vpc-1"}, {f"ec2:DeleteVpc {of_ec2('vpc/vpc-1')}"}),
    (
        "s3",
        "HeadObject",
        {"Bucket": "b", "Key": "k"},
        {
            "s3:GetObject arn:aws:s3:::b/k",
            f"kms:Decrypt {ANY_KEY} kms:ViaService=s3.eu-central-1.amazonaws.com",
        },
    ),
    ("s3", "PutBucketEncryption", {"Bucket": "b"}, {"s3:PutEncryptionConfiguration arn:aws:s3:::b"}),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "k", "VersionId": "1"}]}},
        {"s3:DeleteObjectVersion arn:aws:s3:::b/*"},
    ),
    (
        "iam",
        "AddRoleToInstanceProfile",
        {"RoleName": "r", "InstanceProfileName": "p"},
        {
            "iam:AddRoleToInstanceProfile arn:aws:iam::123456789012:instance-profile/p",
            f"iam:PassRole {ROLE.format('r')} iam:PassedToService=ec2.amazonaws.com",
        },
    ),
    (
        "iam",
        "CreateServiceLinkedRole",
        {"AWSServiceName": "ecs.amazonaws.com"},
        {
            f"iam:CreateServiceLinkedRole {ROLE.format('aws-service-role/ecs.amazonaws.com/*')}"
            " iam:AWSServiceName=ecs.amazonaws.com"
        },
    ),
    (
        "ecs",
        "RegisterTaskDefinition",
        {"family": "f", "taskRoleArn": ROLE.format("t"), "executionRoleArn": ROLE.format("e")},
        {
            f"ecs:RegisterTaskDefinition {ARN.format('ecs', 'task-definition/f:*')}",
            f"iam:PassRole {ROLE.format('t')} iam:PassedToService=ecs-tasks.amazonaws.com",
            f"iam:PassRole {ROLE.format('e')} iam:PassedToService=ecs-tasks.amazonaws.com",
        },
    ),
    (
        "rds",
        "CreateDBInstance",
        {"DBInstanceIdentifier": "d", "KmsKeyId": KEY, "Tags": TAGS},
        {
            f"rds:CreateDBInstance {ARN.format('rds', 'db:d')}",
            f"rds:CreateDBInstance {ARN.format('rds', 'og:default:*')}",
            f"rds:AddTagsToResource {ARN.format('rds', 'db:d')}",
            f"kms:CreateGrant {KEY} kms:GrantIsForAWSResource=true",
            f"kms:DescribeKey {KEY}",
        },
    ),
    (
        "elbv2",
        "CreateListener",
        {"LoadBalancerArn": BALANCER, "Tags": TAGS},
        {
            f"elasticloadbalancing:CreateListener {BALANCER}",
            f"elasticloadbalancing:AddTags {BALANCER.replace('loadbalancer/', 'listener/')}/*",
        },
    ),
    (
        "autoscaling",
        "SetDesiredCapacity",
        {"AutoScalingGroupName": "g", "DesiredCapacity": 2},
        {
            "autoscaling:SetDesiredCapacity "
            + ARN.format("autoscaling", "autoScalingGroup:*:autoScalingGroupName/g")
        },
    ),
    (
        "ssm",
        "GetParameter",
        {"Name": "/aws/service/ami"},
        {"ssm:GetParameter arn:aws:ssm:eu-central-1::parameter/aws/service/ami"},
    ),
    (
        "logs",
        "CreateLogGroup",
        {"logGroupName": "/app", "tags": {"Stack": "local"}},
        {
            f"logs:{action} {ARN.format('logs', 'log-group:/app')}"
            for action in ("CreateLogGroup", "TagResource")
        },
    ),
    (
        "secretsmanager",
        "GetSecretValue",
        {"SecretId": ARN.format("secretsmanager", "secret:s-a1b2c3")},
        {
            f"secretsmanager:GetSecretValue {ARN.format('secretsmanager', 'secret:s-a1b2c3')}",
            f"kms:Decrypt {ANY_KEY} kms:ViaService=secretsmanager.eu-central-1.amazonaws.com",
        },
    ),
    (
        "route53",
        "ChangeResourceRecordSets",
        {"HostedZoneId": "/hostedzone/Z1"},
        {"route53:ChangeResourceRecordSets arn:aws:route53:::hostedzone/Z1"},
    ),
]


@pytest.mark.parametrize(
    ("service", "operation", "members", "expected"), CASES, ids=[f"{each[0]} {each[1]}" for each in CASES]
)
def test_a_call_needs_these_rights(
    service: str, operation: str, members: dict[str, Any], expected: set[str]
) -> None:
    """On what the call names, and the rights that AWS asks for beside the action's own."""
    call = JudgedCall(service=service, operation=operation, members=members)
    found = {
        " ".join(
            [right.action, str(right.resource), *(f"{key}={value}" for key, value in right.context.items())]
        )
        for right in needs(call, HERE)
    }
    assert found == expected


def test_a_group_is_made_with_the_rights_to_launch_its_servers() -> None:
    """By its launch template, whose role nobody sees in the call."""
    policy = {"LaunchTemplate": {"LaunchTemplateSpecification": {"LaunchTemplateId": "lt-1"}}}
    members = {"AutoScalingGroupName": "g", "MixedInstancesPolicy": policy}
    found = list(
        needs(JudgedCall(service="autoscaling", operation="CreateAutoScalingGroup", members=members), HERE)
    )
    launched = {right.resource for right in found if right.action == "ec2:RunInstances"}
    assert {of_ec2("instance/*"), of_ec2("subnet/*"), "arn:aws:ec2:eu-central-1::image/*"} <= launched
    (passed,) = [right for right in found if right.action == "iam:PassRole"]
    assert (passed.resource, passed.context) == (None, {"iam:PassedToService": "ec2.amazonaws.com"})


def test_an_operation_that_has_no_action_is_not_taken_for_one() -> None:
    """S3's names differ from its operations': one that is missing in the table is an error."""
    with pytest.raises(UnknownActionError, match="GetBucketReplication"):
        list(needs(JudgedCall(service="s3", operation="GetBucketReplication", members={"Bucket": "b"}), HERE))
