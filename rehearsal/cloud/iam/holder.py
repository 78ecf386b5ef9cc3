"""Who holds IAM policies, a role or a user: what they say, and AWS's words for what they do not allow."""

from collections.abc import Iterator

from moto.iam.models import Role, User

from rehearsal.cloud.refusals import Reason, RefusedError


def documents(holder: Role | User) -> Iterator[str]:
    """The inline policies and the managed ones, as JSON."""
    yield from list(holder.policies.values())
    for policy in list(holder.managed_policies.values()):
        yield next(version.document for version in policy.versions if version.is_default)


def context(arn: str, *, account: str, region: str) -> dict[str, str]:
    """The condition keys that each request has."""
    return {
        "aws:securetransport": "true",  # as with bucket policies: on loopback nobody listens in
        "aws:principalarn": arn,
        "aws:principalaccount": account,
        "aws:requestedregion": region,
    }


def refusal(arn: str, action: str, resource: str | None) -> str:
    """What AWS says where no policy allows an action; `resource` None is one that is not known."""
    of = f" on resource: {resource}" if resource else ""
    return (
        f"User: {arn} is not authorized to perform: {action}{of}"
        f" because no identity-based policy allows the {action} action"
    )


def unjudged(arn: str) -> RefusedError:
    """The refusal of a request of which the rehearsal cannot tell what it needs."""
    message = f"User: {arn} is not authorized: the rehearsal does not judge this request"
    return RefusedError(Reason.NOT_GRANTED, message)
