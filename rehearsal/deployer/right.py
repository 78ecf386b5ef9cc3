"""A right of any stack's deployer, anywhere: its ARN has placeholders for account, region and stack."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from budgets.problems import NAMESPACE

if TYPE_CHECKING:
    from rehearsal.cloud.iam.rights.needs import Right
    from rehearsal.cloud.iam.rights.resources import Place

_BY_ID = re.compile(r"^([a-z-]+)/[^/:]+$")
"""The last part of the ARN of what AWS gives a random id."""
SECRETS_KEY = "alias/evenkeel-rehearsal"
"""The key that encrypts the secrets of every stack in a rehearsal."""
_USER = re.compile(rf"{NAMESPACE}-(.+)-deployer")
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


def user_of(stack: str) -> str:
    """The name of the IAM user that deploys a stack in a rehearsal."""
    return f"{NAMESPACE}-{stack}-deployer"


def stack_of(user: str) -> str | None:
    """The stack that a user deploys; None for another user."""
    match = _USER.fullmatch(user)
    return match[1] if match else None


def general(right: "Right", place: "Place", stack: str) -> General | None:
    """A right that a stack's deployer used; None where nobody knows what on."""
    if right.resource is None:
        return None
    context = tuple(sorted((key, _anywhere(value, place)) for key, value in right.context.items()))
    return General(action=right.action, resource=_general_arn(right.resource, place, stack), context=context)


def _general_arn(arn: str, place: "Place", stack: str) -> str:
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
    return f"{head}:{_general_resource(service, resource, stack)}"


def _general_resource(service: str, resource: str, stack: str) -> str:
    for own, named in _own(stack).items():
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


def _own(stack: str) -> Mapping[str, str]:
    """How the names of a stack's resources begin, and how those of any stack do."""
    return {
        f"{NAMESPACE}-{stack}": f"{NAMESPACE}-${{Stack}}",
        f"{NAMESPACE}/{stack}": f"{NAMESPACE}/${{Stack}}",
    }


def _anywhere(value: str, place: "Place") -> str:
    if value == SECRETS_KEY:
        return "${SecretsKey}"
    if value.startswith("arn:"):
        return value.replace(f"arn:{place.partition}:", "arn:${Partition}:", 1)
    return value.replace(f".{place.region}.", ".${Region}.")
