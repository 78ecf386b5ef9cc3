"""All entries, by type."""

from rehearsal.provider.resource import Resource
from rehearsal.provider.services import ec2

RESOURCES: dict[str, Resource] = {entry.type: entry for service in (ec2,) for entry in service.RESOURCES}
