"""What moto's ElastiCache lacks for replication groups: members, endpoints, failover, the AUTH token.

A group is `creating` or `modifying` until its body (elasticache.py) says otherwise, and gone once that has
ended its processes. Changes are applied at once, as with ApplyImmediately. Groups with cluster mode
(several shards) have no body and are refused.
"""

import re
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.elasticache.exceptions import (
    CacheClusterNotFound,
    ElastiCacheException,
    InvalidParameterCombinationException,
    InvalidParameterValueException,
    ReplicationGroupNotFound,
)
from moto.elasticache.models import ElastiCacheBackend, ReplicationGroup
from moto.elasticache.responses import ElastiCacheResponse

from rehearsal.cloud.elasticache import parameter_groups, subnet_groups
from rehearsal.cloud.moto_patch import patch

# "nonalphanumeric characters are restricted to (!, &, #, $, ^, <, >, -)", 16 to 128 long:
# CreateReplicationGroup.
_AUTH_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")
_MOST_REPLICAS = 5  # of a node group: IncreaseReplicaCount
# Fields that ModifyReplicationGroup sets as they are, beside those that moto knows.
_MODIFIED_AS_GIVEN = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "CacheParameterGroupName": "cache_parameter_group_name",
    "EngineVersion": "engine_version",
    "NotificationTopicArn": "notification_topic_arn",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "SecurityGroupIds": "security_group_ids",
    "SnapshotWindow": "snapshot_window",
    "SnapshottingClusterId": "snapshotting_cluster_id",
    "TransitEncryptionMode": "transit_encryption_mode",
}

_init = ReplicationGroup.__init__
_describe_clusters = ElastiCacheBackend.describe_cache_clusters
_modify_group, _delete_group = (
    ElastiCacheResponse.modify_replication_group,
    ElastiCacheResponse.delete_replication_group,
)


def patch_moto() -> None:
    """Replace what falls short; once a process."""
    parameter_groups.patch_moto()
    subnet_groups.patch_moto()
    patch(ReplicationGroup, __init__=_create)
    patch(ElastiCacheBackend, describe_cache_clusters=_describe_with_members)
    patch(
        ElastiCacheResponse,
        modify_replication_group=_modify,
        delete_replication_group=_delete,
        test_failover=_test_failover,
        reboot_cache_cluster=_reboot,
        increase_replica_count=_change_replica_count,
        decrease_replica_count=_change_replica_count,
    )


def members(group: Any) -> list[dict[str, Any]]:
    """The members of a group's only shard, as moto keeps them."""
    members: list[dict[str, Any]] = group.node_groups[0]["node_group_members"]
    return members


def _create(group: Any, **kwargs: Any) -> None:
    _check(kwargs)
    replicas = kwargs["replicas_per_node_group"] or (kwargs["num_cache_clusters"] or 1) - 1
    zones = kwargs["preferred_cache_cluster_azs"] or [kwargs["region_name"] + letter for letter in "abc"]
    wanted = {**kwargs, "replicas_per_node_group": replicas, "preferred_cache_cluster_azs": zones}
    _init(group, **wanted)
    shard = group.node_groups[0]
    for name in ("primary_endpoint", "primary_endpoint_address", "reader_endpoint_address"):
        del shard[name]  # moto's invented ones; the body knows the real ones
    for number, member in enumerate(members(group)):
        member.pop("read_endpoint")
        member["preferred_availability_zone"] = zones[number % len(zones)]
    group.auth_tokens = [kwargs["auth_token"]] if kwargs["auth_token"] else []
    group.engine_version = group.engine_version or "7.1"
    group.auto_minor_version_upgrade = group.auto_minor_version_upgrade is not False
    group.cache_parameter_group_name = group.cache_parameter_group_name or "default.redis7"
    if group.transit_encryption_enabled:
        group.transit_encryption_mode = group.transit_encryption_mode or "required"
    group.failover_wanted = False
    group.final_snapshot = None  # the name of one that its body is to leave
    group.reboots_wanted = []  # names of members
    group.status = shard["status"] = "creating"


def _check(kwargs: dict[str, Any]) -> None:
    _check_node_type(kwargs["cache_node_type"])
    if (kwargs["num_node_groups"] or 1) > 1 or kwargs["cluster_mode"] == "enabled":
        raise InvalidParameterCombinationException(
            "Cluster mode has no body in rehearsal: set NumNodeGroups to 1 and ClusterMode to disabled."
        )
    replicas = kwargs["replicas_per_node_group"] or (kwargs["num_cache_clusters"] or 1) - 1
    if kwargs["automatic_failover_enabled"] and not replicas:
        raise InvalidParameterCombinationException("Automatic failover needs at least one replica.")
    if kwargs["multi_az_enabled"] and not kwargs["automatic_failover_enabled"]:
        raise InvalidParameterCombinationException("Multi-AZ needs automatic failover.")
    if kwargs["auth_token"]:
        _check_token(kwargs["auth_token"], encrypted=bool(kwargs["transit_encryption_enabled"]))


def _check_node_type(name: str | None) -> None:
    if name and name.removeprefix("cache.") not in INSTANCE_TYPES:
        raise InvalidParameterValueException(f"Invalid cache node type: {name}")


def _check_token(token: str, *, encrypted: bool) -> None:
    if not encrypted:
        raise InvalidParameterCombinationException("AuthToken needs TransitEncryptionEnabled.")
    if not _AUTH_TOKEN.fullmatch(token):
        raise InvalidParameterValueException(
            "AuthToken must have 16 to 128 characters: letters, digits and ! & # $ ^ < > - only."
        )


def _modify(response: Any) -> ActionResult:
    group = _find(response)
    params = response._get_params()
    _check_node_type(params.get("CacheNodeType"))
    if token := params.get("AuthToken"):
        _check_token(token, encrypted=group.transit_encryption_enabled)
        rotating = params.get("AuthTokenUpdateStrategy", "ROTATE") == "ROTATE"
        group.auth_tokens = [*group.auth_tokens[-1:], token] if rotating else [token]
        group.auth_token_enabled = True
        group.auth_token_last_modified_date = utcnow()
    for asked, kept in _MODIFIED_AS_GIVEN.items():
        if asked in params:
            setattr(group, kept, params[asked])
    result: ActionResult = _modify_group(response)
    group.status = "modifying"
    return result


def _delete(response: Any) -> ActionResult:
    group = _find(response)
    if name := response._get_param("FinalSnapshotIdentifier"):
        response.elasticache_backend.create_snapshot(name, group.replication_group_id, None, None, None)
        group.final_snapshot = name
    result: ActionResult = _delete_group(response)
    return result


def _test_failover(response: Any) -> ActionResult:
    group = _find(response)
    if group.automatic_failover != "enabled":
        raise InvalidParameterCombinationException("TestFailover needs automatic failover.")
    _check_available(group)
    group.failover_wanted = True
    group.status = "modifying"
    return ActionResult({"ReplicationGroup": group})


def _check_available(group: Any) -> None:
    if group.status != "available":
        raise ElastiCacheException(
            "InvalidReplicationGroupState",
            f"Replication group {group.replication_group_id} is {group.status}, not available.",
        )


def _reboot(response: Any) -> ActionResult:
    name = response._get_param("CacheClusterId")
    groups = list(response.elasticache_backend.replication_groups.values())
    known = [(group, member) for group in groups for member in members(group)]
    for group, member in known:
        if member["cache_cluster_id"] == name:
            _check_available(group)
            group.reboots_wanted.append(name)
            group.status = "modifying"
            cluster = _as_cluster(group, member) | {"CacheClusterStatus": "rebooting cluster nodes"}
            return ActionResult({"CacheCluster": cluster})
    raise CacheClusterNotFound(name)


def _change_replica_count(response: Any) -> ActionResult:
    group = _find(response)
    replicas = response._get_int_param("NewReplicaCount")
    if replicas is None:
        raise InvalidParameterCombinationException("NewReplicaCount is required without cluster mode.")
    if not 0 <= replicas <= _MOST_REPLICAS:
        raise InvalidParameterValueException(f"NewReplicaCount must be 0 to {_MOST_REPLICAS}.")
    wanted = replicas + 1
    if wanted == 1 and group.automatic_failover == "enabled":
        raise InvalidParameterCombinationException("Automatic failover needs at least one replica.")
    nodes = members(group)
    for node in [node for node in nodes if node["current_role"] == "replica"][::-1]:
        if len(nodes) > wanted:
            nodes.remove(node)
    while len(nodes) < wanted:
        nodes.append(_new_replica(group))
    group.member_clusters = [node["cache_cluster_id"] for node in nodes]
    group.status = "modifying"
    return ActionResult({"ReplicationGroup": group})


def _new_replica(group: Any) -> dict[str, Any]:
    taken = {node["cache_cluster_id"] for node in members(group)}
    names = (f"{group.replication_group_id}-{number:03}" for number in range(1, len(taken) + 2))
    return {
        "cache_cluster_id": next(name for name in names if name not in taken),
        "cache_node_id": "0001",
        "preferred_availability_zone": members(group)[0]["preferred_availability_zone"],
        "current_role": "replica",
    }


def _describe_with_members(backend: Any, cache_cluster_id: str | None = None) -> list[Any]:
    clusters = [
        _as_cluster(group, member)
        for group in list(backend.replication_groups.values())
        for member in members(group)
    ]
    if cache_cluster_id is None:
        return [*_describe_clusters(backend), *clusters]
    for cluster in clusters:
        if cluster["CacheClusterId"] == cache_cluster_id:
            return [cluster]
    return list(_describe_clusters(backend, cache_cluster_id))


def _as_cluster(group: Any, member: dict[str, Any]) -> dict[str, Any]:
    name = member["cache_cluster_id"]
    node = {
        "CacheNodeId": member["cache_node_id"],
        "CacheNodeStatus": group.status,
        "CacheNodeCreateTime": group.replication_group_create_time,
        "CustomerAvailabilityZone": member["preferred_availability_zone"],
        "Endpoint": member.get("read_endpoint"),
        "ParameterGroupStatus": "in-sync",
    }
    topic = group.notification_topic_arn
    return {
        "CacheClusterId": name,
        "CacheClusterStatus": group.status,
        "ReplicationGroupId": group.replication_group_id,
        "ARN": group.arn.replace(f"replicationgroup:{group.replication_group_id}", f"cluster:{name}"),
        "Engine": group.engine,
        "EngineVersion": group.engine_version,
        "CacheNodeType": group.cache_node_type,
        "NumCacheNodes": 1,
        "CacheNodes": [node],
        "PreferredAvailabilityZone": member["preferred_availability_zone"],
        "PreferredMaintenanceWindow": group.preferred_maintenance_window,
        "CacheClusterCreateTime": group.replication_group_create_time,
        "CacheParameterGroup": {
            "CacheParameterGroupName": group.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
        },
        "CacheSubnetGroupName": group.cache_subnet_group_name,
        "SecurityGroups": [
            {"SecurityGroupId": id_, "Status": "active"} for id_ in group.security_group_ids or []
        ],
        "NotificationConfiguration": {"TopicArn": topic, "TopicStatus": "active"} if topic else None,
        "SnapshotRetentionLimit": group.snapshot_retention_limit,
        "SnapshotWindow": group.snapshot_window,
        "AutoMinorVersionUpgrade": group.auto_minor_version_upgrade,
        "AuthTokenEnabled": group.auth_token_enabled,
        "TransitEncryptionEnabled": group.transit_encryption_enabled,
        "TransitEncryptionMode": group.transit_encryption_mode,
        "AtRestEncryptionEnabled": group.at_rest_encryption_enabled,
        "NetworkType": group.network_type,
        "IpDiscovery": group.ip_discovery,
    }


def _find(response: Any) -> Any:
    name = response._get_param("ReplicationGroupId")
    group = response.elasticache_backend.replication_groups.get(name)
    if group is None:
        raise ReplicationGroupNotFound(name)
    return group
