"""What a stack does without of what production has, for `pulumi preview` to list."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pulumi

from budgets.problems import NAMESPACE, shown
from stacks.sections import Settings

PRODUCTION = Settings()
POSTGRES_PORT = 5432


@dataclass(frozen=True, kw_only=True, slots=True)
class Relaxation:
    """One setting that is weaker than production's: the control it relaxes, if there is one, and the cost."""

    control: str
    setting: str
    value: object
    production: object
    cost: str


def less(value: Any, production: Any) -> bool:
    """Fewer zones, servers, seconds, days or per cent than production has."""
    return bool(value < production)


def differs(value: Any, production: Any) -> bool:
    """For a setting whose every other value is weaker than production's."""
    return bool(value != production)


def only_one(value: Any, _: Any) -> bool:
    """A number of 1, or a list of one member, whatever production has."""
    return (value if isinstance(value, int) else len(value)) == 1


def postgres_own(port: Any, _: Any) -> bool:
    """The port that PostgreSQL has by itself, which scans try first."""
    return bool(port == POSTGRES_PORT)


WEAKER: tuple[tuple[str, str, Callable[[Any, Any], bool], str], ...] = (
    ("network.zones", "", less, "fewer zones may fail"),
    ("network.nat", "", differs, "the failure of one zone cuts off all"),
    ("load_balancer.access_log_retention_days", "S3.13", less, "earlier requests can't be looked up"),
    ("load_balancer.deletion_protection", "ELB.6", differs, "a destroy takes the balancer"),
    ("app_servers.instance_types", "AutoScaling.6", only_one, "nothing else is launched when it is sold out"),
    ("app_servers.on_demand_percentage", "", less, "EC2 may take Spot Instances back"),
    ("app_servers.min_size", "AutoScaling.2", only_one, "a zone's failure takes the app down"),
    ("app_servers.bake_time", "", less, "no alarm judges the last servers of a rollout"),
    ("redis.replicas", "ElastiCache.3", less, "a node's failure loses the sessions"),
    ("redis.snapshot_retention_days", "ElastiCache.1", less, "earlier sessions and queues can't be had back"),
    ("redis.deletion_protection", "", differs, "a destroy takes sessions and queues"),
    ("redis.final_snapshot", "", differs, "deleted sessions and queues can't be had back"),
    ("redis.apply_immediately", "", differs, "changes interrupt at once"),
    ("database.multi_az", "RDS.5", differs, "a zone's failure takes the database down"),
    ("database.port", "RDS.23", postgres_own, "the first that an attacker tries"),
    ("database.backup_retention_days", "RDS.11", less, "earlier data can't be had back"),
    ("database.deletion_protection", "RDS.8", differs, "a destroy takes the data"),
    ("database.final_snapshot", "", differs, "a deleted database can't be had back"),
    ("database.apply_immediately", "", differs, "changes interrupt at once"),
    ("buckets.force_destroy", "", differs, "a destroy takes releases and logs"),
    ("secrets.recovery_days", "", less, "a deleted secret can't be had back"),
    ("monitoring.log_retention_days", "CloudWatch.16", less, "earlier logs can't be looked up"),
)
"""By setting: the control, when a value is weaker than production's, and what that costs."""


def relaxations(settings: Settings) -> Iterator[Relaxation]:
    """In the order of stacks/reference.yaml, what is plain HTTP first."""
    if not settings.load_balancer.https:
        yield Relaxation(
            control="ELB.1",
            setting="load_balancer.domain",
            value=None,
            production="app.example.com",
            cost="passwords and cookies cross the network in plain text",
        )
    for setting, control, weaker, cost in WEAKER:
        section, name = setting.split(".")
        group = settings.own_database if section == "database" else getattr(settings, section)
        if group is None:
            continue
        value = getattr(group, name)
        production = getattr(getattr(PRODUCTION, section), name)
        if weaker(value, production):
            yield Relaxation(control=control, setting=setting, value=value, production=production, cost=cost)


def block(stack: str, settings: Settings) -> str:
    """All of a stack as one text; empty where there are none."""
    relaxed = list(relaxations(settings))
    if not relaxed:
        return ""
    wide = max(len(weaker.setting) for weaker in relaxed)
    narrow = max(len(shown(weaker.value)) for weaker in relaxed)
    lines = [
        f"  {NAMESPACE}:{weaker.setting:{wide}}  {shown(weaker.value):{narrow}}  "
        f"(production: {shown(weaker.production)}): {weaker.cost}{weaker.control and f' ({weaker.control})'}"
        for weaker in relaxed
    ]
    count = "1 setting" if len(relaxed) == 1 else f"{len(relaxed)} settings"
    return "\n".join([f"{headed(stack)} {count} relaxed on purpose:", *lines])


def headed(stack: str) -> str:
    """How a stack's text begins."""
    return f"Stack {stack} is weaker than production,"


def tell(stack: str, settings: Settings) -> None:
    """Lists them in a preview; as a warning where the stack is protected, since then it is production."""
    text = block(stack, settings)
    if text and pulumi.runtime.is_dry_run():
        (pulumi.log.warn if settings.protected else pulumi.log.info)(text)
