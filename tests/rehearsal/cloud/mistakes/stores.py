"""ElastiCache: stores, and their groups."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake

elasticache = partial(Mistake, service="elasticache")


def store(**members: Any) -> dict[str, Any]:
    """The members of CreateReplicationGroup."""
    return {
        "ReplicationGroupId": "new",
        "ReplicationGroupDescription": "new",
        "Engine": "redis",
        "CacheNodeType": "cache.t4g.micro",
        "NumCacheClusters": 1,
        **members,
    }


def cache_parameter(name: str, value: str) -> dict[str, Any]:
    """The members of ModifyCacheParameterGroup."""
    changed = {"ParameterName": name, "ParameterValue": value}
    return {"CacheParameterGroupName": "standing", "ParameterNameValues": [changed]}


STORES = (
    elasticache(
        what="a store with fewer than no shards",
        operation="CreateReplicationGroup",
        members=store(NumNodeGroups=-1),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a parameter without a name to reset",
        operation="ResetCacheParameterGroup",
        members={
            "CacheParameterGroupName": "standing",
            "ParameterNameValues": [{"ParameterValue": "250"}],
        },
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a store's id of 41 characters",
        operation="CreateReplicationGroup",
        members=store(ReplicationGroupId="s" * 41),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a store's id with two hyphens",
        operation="CreateReplicationGroup",
        members=store(ReplicationGroupId="new--one"),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a store without a description",
        operation="CreateReplicationGroup",
        members={key: value for key, value in store().items() if key != "ReplicationGroupDescription"},
        code="MissingParameter",
    ),
    elasticache(
        what="a node type that there is not",
        operation="CreateReplicationGroup",
        members=store(CacheNodeType="cache.m9.large"),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a version of Redis that there is not",
        operation="CreateReplicationGroup",
        members=store(EngineVersion="9.9"),
        code="InvalidParameterCombination",
    ),
    elasticache(
        what="seven nodes",
        operation="CreateReplicationGroup",
        members=store(NumCacheClusters=7),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="failover with nothing to fail over to",
        operation="CreateReplicationGroup",
        members=store(AutomaticFailoverEnabled=True),
        code="InvalidParameterCombination",
    ),
    elasticache(
        what="a token without TLS",
        operation="CreateReplicationGroup",
        members=store(AuthToken="sixteen-character", TransitEncryptionEnabled=False),
        code="InvalidParameterCombination",
    ),
    elasticache(
        what="a token of 15 characters",
        operation="CreateReplicationGroup",
        members=store(AuthToken="fifteen-charact", TransitEncryptionEnabled=True),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a token with an at sign",
        operation="CreateReplicationGroup",
        members=store(AuthToken="sixteen@characters", TransitEncryptionEnabled=True),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="snapshots for 36 days",
        operation="CreateReplicationGroup",
        members=store(SnapshotRetentionLimit=36),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a snapshot window of half an hour",
        operation="CreateReplicationGroup",
        members=store(SnapshotWindow="02:00-02:30"),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a second store of an id",
        operation="CreateReplicationGroup",
        members=store(ReplicationGroupId="standing"),
        code="ReplicationGroupAlreadyExists",
    ),
    elasticache(
        what="a store's parameter group that is not there",
        operation="CreateReplicationGroup",
        members=store(CacheParameterGroupName="absent"),
        code="CacheParameterGroupNotFound",
    ),
    elasticache(
        what="a store's subnet group that is not there",
        operation="CreateReplicationGroup",
        members=store(CacheSubnetGroupName="absent"),
        code="CacheSubnetGroupNotFoundFault",
    ),
    elasticache(
        what="a store that is not there",
        operation="DeleteReplicationGroup",
        members={"ReplicationGroupId": "absent"},
        code="ReplicationGroupNotFoundFault",
    ),
    elasticache(
        what="a store's subnet group of a subnet that is not there",
        operation="CreateCacheSubnetGroup",
        members={
            "CacheSubnetGroupName": "new",
            "CacheSubnetGroupDescription": "new",
            "SubnetIds": ["subnet-0123456789abcdef0"],
        },
        code="InvalidSubnet",
    ),
    elasticache(
        what="a subnet group in use",
        operation="DeleteCacheSubnetGroup",
        members={"CacheSubnetGroupName": "standing"},
        code="CacheSubnetGroupInUse",
    ),
    elasticache(
        what="a family of parameters that there is not",
        operation="CreateCacheParameterGroup",
        members={
            "CacheParameterGroupName": "new",
            "CacheParameterGroupFamily": "redis99",
            "Description": "new",
        },
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a parameter that Redis does not have",
        operation="ModifyCacheParameterGroup",
        members=cache_parameter("query-cache", "1"),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="an eviction policy that there is not",
        operation="ModifyCacheParameterGroup",
        members=cache_parameter("maxmemory-policy", "allkeys-luck"),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a parameter group in use",
        operation="DeleteCacheParameterGroup",
        members={"CacheParameterGroupName": "standing"},
        code="InvalidCacheParameterGroupState",
    ),
)
