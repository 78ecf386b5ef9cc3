"""What is to be deployed, and where to."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from components.gates.aws_api import RETRIES
from stacks.sections import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A stack, and the account and region that it is to be deployed to."""

    project: str
    stack: str
    settings: Settings
    makes_roles: bool = False
    """Whether service-linked roles that are missing are made."""
    session: boto3.Session = field(default_factory=boto3.Session)
    """Reads each service's model once, of which EC2's takes a second."""

    def client(self, service: str) -> Any:
        """A boto3 client in the stack's region."""
        aws = self.settings.aws
        return self.session.client(service, aws.region, endpoint_url=aws.endpoint, config=RETRIES)

    def of_others(self, resources: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those of EC2's resources that are not this stack's already, by their tags."""
        own = {("Project", self.project), ("Stack", self.stack)}
        return [
            resource
            for resource in resources
            if not own <= {(tag["Key"], tag["Value"]) for tag in resource.get("Tags", [])}
        ]


Check = Callable[[Target], Iterator[str]]
"""Says each thing that is wrong, and what to do about it."""
