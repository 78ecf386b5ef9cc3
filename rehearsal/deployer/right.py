"""A right of any stack's deployer, anywhere: its ARN has placeholders for account, region and names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rehearsal.cloud.iam.rights.needs import Right
    from rehearsal.cloud.iam.rights.resources import Place

_BY_ID = re.compile(r"^([a-z-]+)/[^/:]+$")
"""The last part of the ARN of what AWS gives a random id."""
SECRETS_KEY = "alias/evenkeel-rehearsal"
"""The key that encrypts the secrets of every stack in a rehearsal."""
_PATH = re.compile(r"/deployers/([^/]+)/([^/]+)/")
_SERVICES_WITH_IDS = ("acm", "ec2", "kms", "route53")


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class General:
    """An action, on what, and under which conditions."""

    action: str
    resource: str
    """An ARN, or `*`."""
    context: tuple[tuple[str, str], ...] = ()
    """Condition keys and their values."""

    @classmethod
    def parse(cls, line: str) -> "General":
        """The right in a line that `str` wrote."""
        action, resource, *context = line.split()
        pairs = [pair.split("=", 1) for pair in context]
        return cls(action=action, resource=resource, context=tuple((key, value) for key, value in pairs))

    def __str__(self) -> str:
        return " ".join([self.action, self.resource, *(f"{key}={value}" for key, value in self.context)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployed:
    """What a deployer deploys."""

    project: str
    stack: str

    @property
    def user(self) -> str:
        """The name of its IAM user in a rehearsal."""
        return f"{self.project}-{self.stack}-deployer"

    @property
    def path(self) -> str:
        """The path of that user."""
        return f"/deployers/{self.project}/{self.stack}/"

    @classmethod
    def by(cls, path: str) -> "Deployed | None":
        """What a user with this path deploys; None for another user."""
        match = _PATH.fullmatch(path)
        return cls(project=match[1], stack=match[2]) if match else None

    @property
    def names(self) -> Mapping[str, str]:
        """How the names of its resources begin, and how those of any stack do."""
        return {
            f"{self.project}-{self.stack}": "${Project}-${Stack}",
            f"{self.project}/{self.stack}": "${Project}/${Stack}",
        }


def general(right: "Right", place: "Place", deployed: Deployed) -> General | None:
    """A right that a deployer used; None where nobody knows what on."""
    if right.resource is None:
        return None
    context = tuple(sorted((key, _anywhere(value, place)) for key, value in right.context.items()))
    return General(
        action=right.action, resource=_general_arn(right.resource, place, deployed), context=context
    )


def _general_arn(arn: str, place: "Place", deployed: Deployed) -> str:
    if arn == "*":
        return arn
    _, _, service, region, account, resource = arn.split(":", 5)
    head = ":".join(
        [
            "arn:${Partition}",
            service,
            "${Region}" if region == place.region else region,
            "${Account}" if account == place.account else account,
        ]
    )
    return f"{head}:{_general_resource(service, resource, deployed)}"


def _general_resource(service: str, resource: str, deployed: Deployed) -> str:
    for own, named in deployed.names.items():
        before, found, after = resource.partition(own)
        if found and (not after or after[0] in "-/:"):
            return f"{before}{named}{after[:1]}{'*' if after else ''}"
    if service == "route53" and resource.startswith("hostedzone/"):
        return "hostedzone/${HostedZone}"
    if service == "ssm" and resource.startswith("parameter/aws/service/"):
        return "parameter/aws/service/*"
    if service in _SERVICES_WITH_IDS:
        return _BY_ID.sub(r"\1/*", resource)
    return resource


def _anywhere(value: str, place: "Place") -> str:
    if value == SECRETS_KEY:
        return "${SecretsKey}"
    if value.startswith("arn:"):
        return value.replace(f"arn:{place.partition}:", "arn:${Partition}:", 1)
    return value.replace(f".{place.region}.", ".${Region}.")
