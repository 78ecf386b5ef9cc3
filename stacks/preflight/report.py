"""Runs the checks one after another, and shows what they found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from stacks.preflight.account import LOG_IN, credentials, region, roles
from stacks.preflight.domain import domain
from stacks.preflight.machine import machine
from stacks.preflight.offers import database_class, instance_types, zones
from stacks.preflight.quotas import quotas
from stacks.preflight.target import Check, Target

CHECKS: Mapping[str, Check] = {
    "this machine": machine,
    "region": region,
    "service-linked roles": roles,
    "quotas": quotas,
    "zones": zones,
    "instance types": instance_types,
    "database class": database_class,
    "domain": domain,
}
"""After the credentials, in this order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """What a check found."""

    check: str
    problems: Sequence[str] = ()
    unchecked: str = ""
    """Why it could not look: most often the deployer's rights."""

    @property
    def state(self) -> str:
        """As the report prints it: `ok`, `refused` or `not checked`."""
        return "refused" if self.problems else "not checked" if self.unchecked else "ok"


def run(target: Target) -> Iterator[CheckResult]:
    """A result a check; after credentials that are no good there is nothing else to ask."""
    try:
        problems = list(credentials(target))
    except (BotoCoreError, ClientError) as error:
        problems = [f"{error}. {LOG_IN}"]
    yield CheckResult(check="credentials", problems=problems)
    if problems:
        return
    for name, check in CHECKS.items():
        try:
            yield CheckResult(check=name, problems=list(check(target)))
        except (BotoCoreError, ClientError) as error:
            yield CheckResult(check=name, unchecked=str(error))


def shown(result: CheckResult) -> str:
    """A line, and one a problem."""
    lines = [f"{result.state:11}  {result.check}"]
    lines += [f"  {problem}" for problem in result.problems]
    if result.unchecked and not result.problems:
        lines.append(f"  {result.unchecked}")
    return "\n".join(lines)
