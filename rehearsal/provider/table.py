"""All entries, by type."""

from rehearsal.provider.resource import Resource
from rehearsal.provider.services import autoscaling, ec2, ecs, elasticache, elbv2, rds

SERVICES = (autoscaling, ec2, ecs, elasticache, elbv2, rds)
RESOURCES: dict[str, Resource] = {entry.type: entry for service in SERVICES for entry in service.RESOURCES}
