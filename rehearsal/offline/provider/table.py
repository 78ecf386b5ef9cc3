"""All entries, by type."""

from rehearsal.offline.provider.resource import Resource
from rehearsal.offline.provider.services import (
    acm,
    autoscaling,
    cloudwatch,
    dynamodb,
    ec2,
    ecs,
    elasticache,
    elbv2,
    iam,
    kms,
    logs,
    rds,
    route53,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    vpc,
)

SERVICES = (
    acm,
    autoscaling,
    cloudwatch,
    dynamodb,
    ec2,
    ecs,
    elasticache,
    elbv2,
    iam,
    kms,
    logs,
    rds,
    route53,
    s3,
    secretsmanager,
    sns,
    sqs,
    ssm,
    vpc,
)
RESOURCES: dict[str, Resource] = {entry.type: entry for service in SERVICES for entry in service.RESOURCES}
