"""Settings whose change would lose what holds data: refused, unless the stack's settings allow it.

AWS can't change some properties of a resource that exists: the engine would delete it and make an empty one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pulumi

from budgets.problems import NAMESPACE, Problem, shown
from components.database import DatabaseSettings
from components.protection import RUNBOOK
from components.redis_store import RedisSettings
from stacks.deployed import DeployedResource
from stacks.sections import NONE, Settings

DATABASE = "evenkeel:index:Database$aws:rds/instance:Instance"
STORE = "evenkeel:index:RedisStore$aws:elasticache/replicationGroup:ReplicationGroup"
KEY = "evenkeel:index:EncryptionKey$aws:kms/key:Key"
BUCKET = "evenkeel:index:Bucket$aws:s3/bucket:Bucket"
VPC = "evenkeel:index:Network$aws:ec2/vpc:Vpc"
LOST = {
    DATABASE: "the database and all its rows",
    STORE: "all sessions and queued messages",
    KEY: "the key, without which its database, snapshots and objects can't be read",
    BUCKET: "the bucket and its objects",
    VPC: "the network, which the database and the stores can't leave,",
}
"""What goes with a resource of the stack's."""
CACHED = "all that is cached"
"""What goes with the cache's own store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """A property that AWS can't change, of resources of these kinds, and the setting that it comes from."""

    setting: str
    kinds: Sequence[str]
    property: str
    wanted: Callable[[Settings], object]
    """None where the program no longer makes such a resource."""


NETWORK = "network.cidr"
"""Refused for good: AWS moves no subnet group to another network, so the engine would stop halfway."""
FIXED = (
    Fixed(
        setting="database.name",
        kinds=[DATABASE],
        property="dbName",
        wanted=lambda settings: settings.own_database and settings.own_database.name,
    ),
    Fixed(
        setting="database.admin_user",
        kinds=[DATABASE],
        property="username",
        wanted=lambda settings: settings.own_database and settings.own_database.admin_user,
    ),
    Fixed(
        setting="redis.port",
        kinds=[STORE],
        property="port",
        wanted=lambda settings: settings.redis and settings.redis.port,
    ),
    Fixed(
        setting=NETWORK,
        kinds=[VPC],
        property="cidrBlock",
        wanted=lambda settings: str(settings.network.cidr),
    ),
    Fixed(
        setting="aws.region",
        kinds=[DATABASE, STORE, KEY, BUCKET],
        property="region",
        wanted=lambda settings: settings.aws.region,
    ),
)
MADE = "a group of settings"
NOT_MADE = "without them it is no longer part of the stack"
SEPARATE_CACHE = "redis.separate_cache"
"""Turned off, it deletes the cache's store."""
REDIS, OWN_DATABASE, EXISTING_DATABASE = "redis", "database", "database.existing"
"""`none` deletes what the section made; so does a database that exists."""
SETTINGS = frozenset(
    [SEPARATE_CACHE, REDIS, OWN_DATABASE, EXISTING_DATABASE, *(fixed.setting for fixed in FIXED)]
) - {NETWORK}
"""All that `allow_replacement` can allow."""


class Renamed(pulumi.RunError):
    """The project or the stack has another name than what it deployed."""


def refuse_renamed(name: str, resources: Sequence[DeployedResource]) -> None:
    """Raises `Renamed`: each resource's name begins with the stack's, so all of them would be replaced."""
    databases = [resource.name for resource in resources if resource.kind == DATABASE]
    if databases and f"{name}-database" not in databases:
        raise Renamed(
            f"The stack deployed {databases[0]}, and its database is now to be named {name}-database: its "
            "project or the stack was renamed, and all that it holds would be lost. Rename it back (`pulumi "
            f"stack rename`, or `name` in Pulumi.yaml), or move to a new stack: {RUNBOOK}."
        )


def problems(
    settings: Settings, name: str, resources: Sequence[DeployedResource], today: date
) -> list[Problem]:
    """The settings that would lose something of the stack with this name; one for each setting."""
    known = sorted(resources, key=lambda resource: resource.name)
    losses = [*replaced(settings, known), *deleted(settings, name, known)]
    return [
        problem
        for setting in dict.fromkeys(loss.setting for loss in losses)
        for problem in judged(settings, [loss for loss in losses if loss.setting == setting], today)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """A resource that would be lost to a setting, which was `before`."""

    setting: str
    before: object
    wanted: object
    resource: DeployedResource
    because: str = "AWS can't change that"

    @property
    def lost(self) -> str:
        """What goes with the resource. The cache's store holds nothing that Postgres hasn't."""
        cache = self.resource.kind == STORE and self.resource.name.endswith("-cache")
        return f"{CACHED if cache else LOST[self.resource.kind]} ({self.resource.name})"


def replaced(settings: Settings, resources: Sequence[DeployedResource]) -> Iterator[Loss]:
    """What would be recreated, empty."""
    for fixed in FIXED:
        wanted = fixed.wanted(settings)
        if wanted is None:
            continue
        for resource in resources:
            if resource.kind in fixed.kinds and resource.properties.get(fixed.property, wanted) != wanted:
                before = resource.properties[fixed.property]
                before = int(before) if isinstance(before, float) else before  # the engine knows no integers
                yield Loss(setting=fixed.setting, before=before, wanted=wanted, resource=resource)


def deleted(settings: Settings, name: str, resources: Sequence[DeployedResource]) -> Iterator[Loss]:
    """What the program would no longer make."""
    for resource in resources:
        if resource.kind == DATABASE:
            yield from deleted_database(settings.database, resource)
        elif resource.kind == STORE:
            yield from deleted_store(settings.redis, resource, is_cache=resource.name == f"{name}-cache")


def deleted_database(settings: DatabaseSettings | None, resource: DeployedResource) -> Iterator[Loss]:
    """The stack's own, where the settings want none, or one that exists."""
    if settings is None:
        yield Loss(setting=OWN_DATABASE, before=MADE, wanted=NONE, resource=resource, because=NOT_MADE)
    elif settings.existing:
        wanted = settings.existing.address
        yield Loss(setting=EXISTING_DATABASE, before=None, wanted=wanted, resource=resource, because=NOT_MADE)


def deleted_store(
    settings: RedisSettings | None, resource: DeployedResource, *, is_cache: bool
) -> Iterator[Loss]:
    """Any, where the settings want none; the cache's, where it has no store of its own."""
    if settings is None:
        yield Loss(setting=REDIS, before=MADE, wanted=NONE, resource=resource, because=NOT_MADE)
    elif is_cache and not settings.separate_cache:
        because = "without it the cache has no store of its own"
        yield Loss(setting=SEPARATE_CACHE, before=True, wanted=False, resource=resource, because=because)


def judged(settings: Settings, losses: Sequence[Loss], today: date) -> Iterator[Problem]:
    """A problem, unless the loss is allowed today and nothing is protected any more."""
    first = losses[0]
    allowed = settings.allow_replacement.get(first.setting)
    lost = " and ".join(loss.lost for loss in losses)
    reason = f"it was {shown(first.before)}, and {first.because}: {lost} would be lost"
    permission = f'{NAMESPACE}:allow_replacement["{first.setting}"]'
    back = f"Set it back to {shown(first.before)}"
    protections = {setting: None for loss in losses for setting in protected_by(settings, loss.resource)}
    remedy = f"{back}, or move to a new stack: {RUNBOOK}"
    if first.setting in SETTINGS:
        remedy += ". To lose it on purpose, allow that for one day (UTC): "
        remedy += f"pulumi config set --path '{permission}' {today}"
    if allowed != today:
        yield Problem(
            setting=first.setting,
            value=first.wanted,
            reason=reason,
            remedy=remedy,
            accepted=first.before,
        )
    elif protections:
        yield Problem(
            setting=first.setting,
            value=first.wanted,
            reason=f"{reason}, which is allowed today, but it is protected by {', '.join(protections)}",
            remedy=f"{back}, turn the protection off, run `pulumi up`, and then change it again",
            accepted=first.before,
        )


def protected_by(settings: Settings, resource: DeployedResource) -> Iterator[str]:
    """The settings that keep a resource from being deleted; of RDS and S3 also as they were deployed."""
    database = settings.own_database
    protected = database and database.deletion_protection
    if resource.kind == DATABASE and (protected or resource.properties.get("deletionProtection")):
        yield "database.deletion_protection"
    if resource.kind == STORE and settings.redis and settings.redis.deletion_protection:
        yield "redis.deletion_protection"
    emptied = settings.buckets.force_destroy and resource.properties.get("forceDestroy", True)
    if resource.kind == BUCKET and not emptied:
        yield "buckets.force_destroy"
