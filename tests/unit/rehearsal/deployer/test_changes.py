"""Calls that no recorded life of a stack made, judged by the policy as the cloud judges them."""

import json
from typing import Any

import pytest

from rehearsal.cloud.iam import policies
from rehearsal.cloud.iam.rights.dependent import ABSENT
from rehearsal.cloud.iam.rights.needs import needs
from rehearsal.cloud.iam.rights.resources import Place
from rehearsal.cloud.judge.call import JudgedCall
from stacks import deployer_policy
from stacks.project import find

HERE = Place(partition="aws", region="eu-central-1", account="123456789012")
TAGS = [{"Key": "Team", "Value": "shop"}]
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
MONITORING = "arn:aws:iam::123456789012:role/evenkeel-kept-m"
BALANCING = "arn:aws:elasticloadbalancing:eu-central-1:123456789012"
BALANCER = f"{BALANCING}:loadbalancer/app/evenkeel-kept-1/5"
TARGETS = f"{BALANCING}:targetgroup/evenkeel-kept-1/5"
LISTENER = f"{BALANCING}:listener/app/evenkeel-kept-1/5/6"
IDS = [
    "vpc-1",
    "subnet-1",
    "sg-1",
    "sgr-1",
    "rtb-1",
    "igw-1",
    "nat-1",
    "eipalloc-1",
    "vpce-1",
    "fl-1",
    "lt-1",
]
CLUSTER = "arn:aws:ecs:eu-central-1:123456789012:cluster/evenkeel-kept-c"
DATABASE = {"DBInstanceIdentifier": "evenkeel-kept-database"}
GROUP = {"AutoScalingGroupName": "evenkeel-kept-app"}
STORE = {"ReplicationGroupId": "evenkeel-kept-sessions"}
CALLS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "rds",
        "RestoreDBInstanceFromDBSnapshot",
        {
            **DATABASE,
            "DBSnapshotIdentifier": "evenkeel-gone-database-final-1",
            "DBSubnetGroupName": "evenkeel-kept-s",
            "DBParameterGroupName": "evenkeel-kept-p",
            "MonitoringRoleArn": MONITORING,
            "KmsKeyId": KEY,
            "Tags": TAGS,
        },
    ),
    ("rds", "ModifyDBInstance", {**DATABASE, "DBParameterGroupName": "evenkeel-kept-p"}),
    ("rds", "DeleteDBInstance", {**DATABASE, "FinalDBSnapshotIdentifier": "evenkeel-kept-database-final-1"}),
    ("elasticache", "IncreaseReplicaCount", STORE),
    (
        "elasticache",
        "DeleteReplicationGroup",
        {**STORE, "FinalSnapshotIdentifier": "evenkeel-kept-1"},
    ),
    ("ec2", "ModifySecurityGroupRules", {"GroupId": "sg-1", "Rules": [{"SecurityGroupRuleId": "sgr-1"}]}),
    ("ec2", "RevokeSecurityGroupIngress", {"GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-1"]}),
    ("ec2", "CreateTags", {"Resources": IDS, "Tags": TAGS}),
    ("ec2", "DeleteTags", {"Resources": IDS, "Tags": TAGS}),
    ("ec2", "ReplaceRoute", {"RouteTableId": "rtb-1", "NatGatewayId": "nat-1"}),
    ("ec2", "ModifyVpcEndpoint", {"VpcEndpointId": "vpce-1", "AddRouteTableIds": ["rtb-1"]}),
    ("elbv2", "AddTags", {"ResourceArns": [BALANCER, TARGETS, LISTENER], "Tags": TAGS}),
    ("elbv2", "ModifyListener", {"ListenerArn": LISTENER}),
    ("elbv2", "SetSubnets", {"LoadBalancerArn": BALANCER, "Subnets": ["subnet-1"]}),
    ("autoscaling", "RollbackInstanceRefresh", GROUP),
    ("autoscaling", "CancelInstanceRefresh", GROUP),
    ("ecs", "StopTask", {"cluster": CLUSTER, "task": CLUSTER.replace(":cluster/", ":task/") + "/1"}),
    ("kms", "PutKeyPolicy", {"KeyId": "1"}),
    ("iam", "UpdateAssumeRolePolicy", {"RoleName": "evenkeel-kept-r"}),
    ("sns", "SetTopicAttributes", {"TopicArn": "arn:aws:sns:eu-central-1:123456789012:evenkeel-kept-alarms"}),
    ("logs", "AssociateKmsKey", {"logGroupName": "evenkeel-kept-app"}),
    ("ssm", "RemoveTagsFromResource", {"ResourceType": "Parameter", "ResourceId": "/evenkeel/kept/release"}),
]


def denied(stack: str, service: str, operation: str, members: dict[str, Any]) -> list[str]:
    """What the stack's deployer lacks for a call."""
    file = find().file_of("local")
    names = deployer_policy.names("evenkeel", stack, file, account=HERE.account, region=HERE.region)
    documents = [json.dumps(document) for document in deployer_policy.documents(names).values()]
    tags = {"aws:resourcetag/project": "evenkeel", "aws:resourcetag/stack": "kept"}
    call = JudgedCall(service=service, operation=operation, members=members)
    return [
        right.action
        for right in needs(call, HERE)
        if not policies.allows(
            documents,
            right.action,
            right.resource,
            {**ABSENT, **tags, **{key.lower(): value for key, value in right.context.items()}},
        )
    ]


@pytest.mark.parametrize(("service", "operation", "members"), CALLS, ids=[each[1] for each in CALLS])
def test_what_a_changed_setting_or_a_failure_calls_is_allowed(
    service: str, operation: str, members: dict[str, Any]
) -> None:
    """On the stack's own resources."""
    assert denied("kept", service, operation, members) == []


NAMED = [each for each in CALLS if each[0] not in ("ec2", "kms") or each[1].endswith("Tags")]


@pytest.mark.parametrize(("service", "operation", "members"), NAMED, ids=[each[1] for each in NAMED])
def test_another_stacks_deployer_may_not(service: str, operation: str, members: dict[str, Any]) -> None:
    """The twin: what has a name, or tags, is its own stack's."""
    assert denied("other", service, operation, members)
