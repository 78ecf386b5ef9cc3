"""A Redis store: one for sessions and queues, and where a stack wants it another for the cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.protection import protection
from components.secrets import Secret, SecretArgs, password

ENGINE_VERSION = "7.1"
"""The newest Redis that ElastiCache has."""
PARAMETER_GROUP_FAMILY = "redis7"


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisStoreArgs:
    """How big, how safe, and what gives way when memory is full."""

    description: str
    subnet_ids: Sequence[pulumi.Input[str]]
    security_group_id: pulumi.Input[str]
    kms_key_arn: pulumi.Input[str]
    node_type: str
    replicas: int
    """Beside the primary; with at least one a failover is automatic."""
    port: int
    maxmemory_policy: Literal["noeviction", "allkeys-lru"]
    """Sessions and queued jobs must not give way: `noeviction`. A cache is there to: `allkeys-lru`."""
    snapshot_retention_days: int
    deletion_protection: bool
    final_snapshot: bool
    """Whether a store that is deleted leaves a snapshot; its automatic ones go with it."""
    apply_immediately: bool
    """Whether a change that interrupts may do so at once, instead of in the maintenance window."""
    secret_recovery_days: int


class RedisStore(pulumi.ComponentResource):
    """A replication group that only TLS with a token reaches, encrypted at rest.

    Makes, of `aws.elasticache`: `SubnetGroup`, `ParameterGroup`, `ReplicationGroup`; a `Secret` for the token
    and its `random.RandomPassword`; where a final snapshot is wanted a `random.RandomId` that names it.
    """

    endpoint: pulumi.Output[str]
    """The primary's `host:port`; it follows a failover."""
    replication_group_id: pulumi.Output[str]
    member_clusters: pulumi.Output[Sequence[str]]
    """The nodes, as CloudWatch knows them."""
    secret_arn: pulumi.Output[str]
    """Holds auth_token."""

    def __init__(self, name: str, args: RedisStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:RedisStore", name, None, opts)
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
            parameters=[{"name": "maxmemory-policy", "value": args.maxmemory_policy}],
            opts=child,
        )
        group = aws.elasticache.ReplicationGroup(
            name,
            replication_group_id=name,
            description=args.description,
            engine="redis",
            engine_version=ENGINE_VERSION,
            auto_minor_version_upgrade=True,
            node_type=args.node_type,
            num_cache_clusters=1 + args.replicas,
            multi_az_enabled=args.replicas > 0,
            automatic_failover_enabled=args.replicas > 0,
            subnet_group_name=subnet_group.name,
            security_group_ids=[args.security_group_id],
            port=args.port,
            parameter_group_name=parameter_group.name,
            transit_encryption_enabled=True,
            auth_token=auth_token,
            at_rest_encryption_enabled=True,
            kms_key_id=args.kms_key_arn,
            snapshot_retention_limit=args.snapshot_retention_days,
            final_snapshot_identifier=final_snapshot(name, args, child),
            apply_immediately=args.apply_immediately,
            opts=pulumi.ResourceOptions.merge(
                protection(name, "redis.deletion_protection", args.deletion_protection), child
            ),
        )
        self.endpoint = pulumi.Output.format("{0}:{1}", group.primary_endpoint_address, args.port)
        self.replication_group_id = group.replication_group_id
        self.member_clusters = group.member_clusters
        self.secret_arn = Secret(
            f"{name}-token",
            SecretArgs(
                description=f"The token of {name}",
                value=pulumi.Output.json_dumps({"auth_token": auth_token}),
                kms_key_arn=args.kms_key_arn,
                recovery_window_in_days=args.secret_recovery_days,
            ),
            child,
        ).arn
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "replication_group_id": self.replication_group_id,
                "member_clusters": self.member_clusters,
                "secret_arn": self.secret_arn,
            }
        )


def final_snapshot(
    name: str, args: RedisStoreArgs, opts: pulumi.ResourceOptions
) -> pulumi.Output[str] | None:
    """The snapshot's name. What replaces the group changes it: each that is deleted leaves one of its own."""
    if not args.final_snapshot:
        return None
    suffix = random.RandomId(
        f"{name}-final-snapshot", byte_length=4, keepers={"port": str(args.port)}, opts=opts
    )
    return pulumi.Output.concat(f"{name}-final-", suffix.hex)
