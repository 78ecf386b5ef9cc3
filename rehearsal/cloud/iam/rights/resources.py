"""On which resources a call needs an action, as ARNs; `*` stands for what the call does not say."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from rehearsal.cloud.iam.rights.query import search
from rehearsal.cloud.iam.rights.reference import Action, LimitingResource
from rehearsal.texts import texts

NAMED: Mapping[str, Mapping[str, str]] = {
    "autoscaling:autoScalingGroup": {"GroupFriendlyName": "AutoScalingGroupName || Tags[].ResourceId"},
    "cloudwatch:alarm": {"AlarmName": "AlarmName || AlarmNames"},
    "cloudwatch:dashboard": {"DashboardName": "DashboardName || DashboardNames"},
    "dynamodb:table": {"TableName": "TableName"},
    "ecs:cluster": {"ClusterName": "cluster || clusterName || clusters"},
    "ecs:container-instance": {"ClusterName": "cluster"},
    "ecs:task": {"ClusterName": "cluster"},
    "ecs:task-definition": {"TaskDefinitionFamilyName": "taskDefinition || family"},
    "elasticache:cluster": {"CacheClusterId": "CacheClusterId || ReplicationGroupId"},
    "elasticache:parametergroup": {"CacheParameterGroupName": "CacheParameterGroupName"},
    "elasticache:replicationgroup": {"ReplicationGroupId": "ReplicationGroupId"},
    "elasticache:snapshot": {"SnapshotName": "SnapshotName || FinalSnapshotIdentifier"},
    "elasticache:subnetgroup": {"CacheSubnetGroupName": "CacheSubnetGroupName"},
    "elasticloadbalancing:loadbalancer/app/": {"LoadBalancerName": "Name"},
    "elasticloadbalancing:targetgroup": {"TargetGroupName": "Name"},
    "iam:instance-profile": {"InstanceProfileNameWithPath": "InstanceProfileName"},
    "iam:role": {"RoleNameWithPath": "RoleName"},
    "kms:alias": {"Alias": "AliasName"},
    "kms:key": {"KeyId": "KeyId || TargetKeyId"},
    "logs:log-group": {"LogGroupName": "logGroupName"},
    "logs:log-stream": {"LogGroupName": "logGroupName", "LogStreamName": "logStreamName"},
    "rds:db": {"DbInstanceName": "DBInstanceIdentifier"},
    "rds:es": {"SubscriptionName": "SubscriptionName"},
    "rds:pg": {"ParameterGroupName": "DBParameterGroupName"},
    "rds:snapshot": {"SnapshotName": "DBSnapshotIdentifier || FinalDBSnapshotIdentifier"},
    "rds:subgrp": {"SubnetGroupName": "DBSubnetGroupName"},
    "route53:change": {"Id": "Id"},
    "route53:hostedzone": {"Id": "HostedZoneId || Id"},
    "s3:bucket": {"BucketName": "Bucket"},
    "s3:object": {"BucketName": "Bucket", "ObjectName": "Key"},
    "secretsmanager:Secret": {"SecretId": "SecretId || Name"},
    "servicequotas:quota": {"ServiceCode": "ServiceCode", "QuotaCode": "QuotaCode"},
    "sns:topic": {"TopicName": "Name"},
    "sqs:queue": {"QueueName": "QueueName || QueueUrl"},
    "ssm:document": {"DocumentName": "DocumentName"},
    "ssm:instance": {"InstanceId": "InstanceIds"},
    "ssm:parameter": {"ParameterNameWithoutLeadingSlash": "Name || Names || ResourceId"},
}
"""The members of calls, as JMESPath, that have the variables of a resource type's ARN."""
IDS = {
    "ec2:elastic-ip": "eipalloc",
    "ec2:instance": "i",
    "ec2:internet-gateway": "igw",
    "ec2:launch-template": "lt",
    "ec2:natgateway": "nat",
    "ec2:route-table": "rtb",
    "ec2:security-group": "sg",
    "ec2:security-group-rule": "sgr",
    "ec2:subnet": "subnet",
    "ec2:vpc": "vpc",
    "ec2:vpc-endpoint": "vpce",
    "ec2:vpc-flow-log": "fl",
}
"""How the ids of EC2's resources begin, wherever in a call they are."""
BY_FILTERS = ("ec2", "rds", "elasticache")
"""Services whose lists are narrowed by filters, which IAM does not see: they take a right on everything."""
_OF_AWS = ("aws/", "AWS-")
"""How the names of what AWS publishes in every region begin; it belongs to no account."""
_ANY_KIND = ("dynamodb:", "elasticloadbalancing:")
"""How the names of kinds begin of which an action needs one."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_PLACE = ("Partition", "Region", "Account")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a call is made."""

    partition: str
    region: str
    account: str


def of(name: str, action: Action, members: Mapping[str, Any], place: Place) -> list[str]:
    """The ARNs on which a call with these members needs an action; `*` for one that can't be limited."""
    service = name.partition(":")[0]
    if action.lists and service in BY_FILTERS:
        return ["*"]
    arns_by_kind = {kind.name: list(_found(kind, members, place)) for kind in action.types}
    if any(arns_by_kind.values()):
        unknown = [kind for kind in action.types if kind.required and not arns_by_kind[kind.name]]
        # Of several kinds of which an action takes any, the reference has each as required.
        unknown = [kind for kind in unknown if not _has_sibling(kind, arns_by_kind)]
    else:
        unknown = [kind for kind in action.types if kind.required]
    arns = [arn for listed in arns_by_kind.values() for arn in listed]
    return [*arns, *(any_of(kind, place) for kind in unknown)] or ["*"]


def is_of(kind: LimitingResource, arn: str) -> bool:
    """Whether an ARN is one of a kind's, or one with wildcards may be."""
    if not arn.startswith("arn:"):
        return False
    shape = _head(kind.arn) if "*" in arn else _shape(kind.arn)
    return shape.fullmatch(arn) is not None


def any_of(kind: LimitingResource, place: Place) -> str:
    """The ARN of any resource of a kind, here."""
    return _filled(kind.arn, {}, place)


def _found(kind: LimitingResource, members: Mapping[str, Any], place: Place) -> Iterator[str]:
    said = list(dict.fromkeys(texts(members)))
    if given := [text for text in said if is_of(kind, text)]:
        yield from given
        return
    if prefix := IDS.get(kind.name):
        variable = _VARIABLE.findall(kind.arn)[-1]
        for text in said:
            if re.fullmatch(rf"{prefix}-[0-9a-f]+", text):
                yield _filled(kind.arn, {variable: text}, place)
        return
    variables = NAMED.get(kind.name)
    if variables is None:
        return
    first, *others = variables
    rest = {name: _listed(variables[name], members)[:1] for name in others}
    for value in _listed(variables[first], members):
        named = {first: value, **{name: each[0] for name, each in rest.items() if each}}
        yield _filled(kind.arn, named, place)


def _filled(arn: str, variables: Mapping[str, str], place: Place) -> str:
    values = {name: _bare(name, value) for name, value in variables.items()}
    account = "" if any(value.startswith(_OF_AWS) for value in values.values()) else place.account
    here = {"Partition": place.partition, "Region": place.region, "Account": account}
    return _VARIABLE.sub(lambda match: {**here, **values}.get(match[1], "*"), arn)


def _bare(variable: str, name: str) -> str:
    """As an ARN has it."""
    if variable == "ParameterNameWithoutLeadingSlash":
        return name.removeprefix("/")
    if variable == "QueueName":
        return name.rpartition("/")[2]  # of the queue's URL
    return name.removeprefix("alias/").removeprefix("/hostedzone/").removeprefix("/change/")


def _has_sibling(kind: LimitingResource, arns_by_kind: Mapping[str, list[str]]) -> bool:
    return kind.name.startswith(_ANY_KIND) and any(arns_by_kind.values())


def _listed(expression: str, members: Mapping[str, Any]) -> list[str]:
    return [text for text in search(expression, members) if isinstance(text, str)]


@cache
def _shape(arn: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in _VARIABLE.split(arn)[::2]]
    names = _VARIABLE.findall(arn)
    whole = [r"[^:]*" if name in _PLACE else r".+" if _is_path(name) else r"[^/]+" for name in names]
    return re.compile("".join(part + (whole[n] if n < len(whole) else "") for n, part in enumerate(parts)))


@cache
def _head(arn: str) -> re.Pattern[str]:
    """What any ARN of a kind begins with: all up to the first name in it."""
    names = [match for match in _VARIABLE.finditer(arn) if match[1] not in _PLACE]
    fixed = arn[: names[0].start()] if names else arn
    return re.compile(_shape(fixed).pattern + ".*")


def _is_path(variable: str) -> bool:
    return variable.endswith(("WithPath", "WithoutLeadingSlash", "LogGroupName", "ObjectName", "SecretId"))
