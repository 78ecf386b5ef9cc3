"""A stack's name, of which names in AWS are made: refused where AWS would refuse those halfway."""

import re

import pulumi

from components import naming

PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""RDS and ElastiCache: small letters, digits, single hyphens within."""
LONGEST = 32 - len("-0123456")
"""A load balancer's and a target group's name, less what Pulumi adds to make it unique."""


class UnusableName(pulumi.RunError):
    """AWS would refuse names that are made of the stack's."""


def refuse_unusable(project: str, stack: str) -> None:
    """Raises `UnusableName` where names that are made of the stack's would be refused."""
    longest = LONGEST - len(naming.prefix(project, ""))
    if PATTERN.fullmatch(stack) and len(stack) <= longest:
        return
    raise UnusableName(
        f'A stack can\'t be named "{stack}": names of databases, stores and the balancer begin with '
        f"{naming.prefix(project, stack)}, and AWS takes small letters, digits and single hyphens, {longest} "
        "in all after the project's. Make one of another name: pulumi stack init"
    )
