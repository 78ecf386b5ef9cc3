"""What the stack files hold in place of settings that only their user knows: refused outside a rehearsal."""

from collections.abc import Iterator

from budgets.problems import Problem
from stacks.sections import Settings

RESERVED = ("example", "invalid", "localhost", "test", "example.com", "example.net", "example.org")
"""Names that belong to nobody: RFC 2606."""
HOSTED_ZONE = "Z0123456789ABCDEFGHIJ"


def reserved(domain: str) -> bool:
    """Whether nobody can own the domain."""
    return any(domain == name or domain.endswith(f".{name}") for name in RESERVED)


def placeholders(settings: Settings) -> Iterator[Problem]:
    """Each would cost a deployment that fails after a quarter of an hour, or an alarm that nobody hears."""
    balancer, email = settings.load_balancer, settings.monitoring.alarm_email
    if balancer.domain is not None and reserved(balancer.domain):
        yield Problem(
            setting="load_balancer.domain",
            value=balancer.domain,
            reason="it is a placeholder: nobody can own it, so no certificate can be had for it",
            remedy="Set it to the app's own name",
        )
    if balancer.hosted_zone_id == HOSTED_ZONE:
        yield Problem(
            setting="load_balancer.hosted_zone_id",
            value=balancer.hosted_zone_id,
            reason="it is a placeholder",
            remedy="Set it to the id of the domain's Route 53 zone: aws route53 list-hosted-zones",
        )
    if email is not None and reserved(email.rpartition("@")[2]):
        yield Problem(
            setting="monitoring.alarm_email",
            value=email,
            reason="it is a placeholder: nobody would be told of an alarm",
            remedy="Set it to an address that someone reads, or take it out",
        )
