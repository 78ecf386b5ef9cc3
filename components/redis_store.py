"""A Redis store: one for sessions and queues, and where a stack wants it another for the cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import pulumi
import pulumi_aws as aws
import pulumi_random as random
from pydantic import Field

from components.common import Common
from components.protection import protection
from components.secrets import Secret, SecretArgs, password
from components.values import Port

ENGINE_VERSION = "7.1"
"""The newest Redis that ElastiCache has."""
PARAMETER_GROUP_FAMILY = "redis7"


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisSettings:
    """Sessions and queues, and the cache; `none` for an app that has no use for Redis."""

    node_type: Annotated[str, Field(pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$")] = "cache.m7g.large"
    """ElastiCache's size of a node."""
    replicas: Annotated[int, Field(ge=0, le=5)] = 1
    """0 means no failover."""
    separate_cache: bool = True
    """A group of its own for the cache, which may evict; otherwise the cache shares the sessions' group."""
    port: Port = 6379
    """Where both groups listen."""
    snapshot_retention_days: Annotated[int, Field(ge=0, le=35)] = 7
    """0 means no snapshots."""
    deletion_protection: bool = True
    """The stores have to be unprotected before they can be destroyed."""
    final_snapshot: bool = True
    """The sessions' store leaves a snapshot when it is deleted: its daily ones go with it."""
    apply_immediately: bool = False
    """Changes that interrupt are made at once; otherwise in the maintenance window."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """What a store is for, and what gives way when its memory is full."""

    description: str
    maxmemory_policy: Literal["noeviction", "allkeys-lru"]
    lasting: bool
    """Whether what it holds is worth a final snapshot."""


SESSIONS = Role(description="Sessions and queues", maxmemory_policy="noeviction", lasting=True)
"""Sessions and queued jobs must not give way."""
CACHE = Role(description="Cache", maxmemory_policy="allkeys-lru", lasting=False)
"""A cache is there to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisStoreArgs:
    """Its settings, what it is for, and where it is."""

    settings: RedisSettings
    role: Role
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    common: Common


class RedisStore(pulumi.ComponentResource):
    """A replication group that only TLS with a token reaches, encrypted at rest.

    Makes, of `aws.elasticache`: `SubnetGroup`, `ParameterGroup`, `ReplicationGroup`; a `Secret` for the token
    and its `random.RandomPassword`; where a final snapshot is wanted a `random.RandomId` that names it.
    """

    endpoint: pulumi.Output[str]
    """The primary's `host:port`; it follows a failover."""
    replication_group_id: pulumi.Output[str]
    nodes: list[pulumi.Output[str]]
    """The ids of the nodes, as CloudWatch knows them."""
    secret_arn: pulumi.Output[str]
    """Holds auth_token."""

    def __init__(self, name: str, args: RedisStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:RedisStore", name, None, opts)
        settings = args.settings
        child = pulumi.ResourceOptions(parent=self)
        auth_token = password(f"{name}-auth-token", child)
        subnet_group = aws.elasticache.SubnetGroup(
            name,
            description=f"Data subnets of {name}",
            subnet_ids=args.subnet_ids,
            opts=child,
        )
        parameter_group = aws.elasticache.ParameterGroup(
            name,
            description=f"Parameters of {name}",
            family=PARAMETER_GROUP_FAMILY,
            parameters=[{"name": "maxmemory-policy", "value": args.role.maxmemory_policy}],
            opts=child,
        )
        group = aws.elasticache.ReplicationGroup(
            name,
            replication_group_id=name,
            description=args.role.description,
            engine="redis",
            engine_version=ENGINE_VERSION,
            auto_minor_version_upgrade=True,
            node_type=settings.node_type,
            num_cache_clusters=1 + settings.replicas,
            multi_az_enabled=settings.replicas > 0,
            automatic_failover_enabled=settings.replicas > 0,
            subnet_group_name=subnet_group.name,
            security_group_ids=[args.security_group_id],
            port=settings.port,
            parameter_group_name=parameter_group.name,
            transit_encryption_enabled=True,
            auth_token=auth_token,
            at_rest_encryption_enabled=True,
            kms_key_id=args.common.kms_key_arn,
            snapshot_retention_limit=settings.snapshot_retention_days,
            final_snapshot_identifier=final_snapshot(name, args, child),
            apply_immediately=settings.apply_immediately,
            opts=pulumi.ResourceOptions.merge(
                protection(name, "redis.deletion_protection", settings.deletion_protection), child
            ),
        )
        self.endpoint = pulumi.Output.format("{0}:{1}", group.primary_endpoint_address, settings.port)
        self.replication_group_id = group.replication_group_id
        self.nodes = [
            pulumi.Output.format("{0}-{1:03}", self.replication_group_id, node)
            for node in range(1, settings.replicas + 2)
        ]
        self.secret_arn = Secret(
            f"{name}-token",
            SecretArgs(
                description=f"The token of {name}",
                value=pulumi.Output.json_dumps({"auth_token": auth_token}),
                common=args.common,
            ),
            child,
        ).arn
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "replication_group_id": self.replication_group_id,
                "nodes": self.nodes,
                "secret_arn": self.secret_arn,
            }
        )


def final_snapshot(
    name: str, args: RedisStoreArgs, opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """The snapshot's name. What replaces the group changes it: each that is deleted leaves one of its own."""
    if not (args.role.lasting and args.settings.final_snapshot):
        return None
    suffix = random.RandomId(
        f"{name}-final-snapshot", byte_length=4, keepers={"port": str(args.settings.port)}, opts=opts
    )
    return pulumi.Output.concat(f"{name}-final-", suffix.hex)
