"""All entries, by type."""

from rehearsal.provider.resource import Resource
from rehearsal.provider.services import (
    acm,
    autoscaling,
    cloudwatch,
    ec2,
    ecs,
    elasticache,
    elbv2,
    rds,
    route53,
    sns,
)

SERVICES = (acm, autoscaling, cloudwatch, ec2, ecs, elasticache, elbv2, rds, route53, sns)
RESOURCES: dict[str, Resource] = {entry.type: entry for service in SERVICES for entry in service.RESOURCES}
