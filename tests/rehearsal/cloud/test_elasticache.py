"""ElastiCache in rehearsal: a replication group is a Redis primary with replicas behind stable endpoints."""

import os
import signal
from typing import Any

import pytest
import redis
from botocore.exceptions import ClientError
from redis.exceptions import NoPermissionError

from testkit.waiting import eventually
from tests.rehearsal.cloud.redis_group import (
    OTHER,
    TOKEN,
    available,
    connect,
    described,
    primary,
    roles,
    set_parameter,
    value_of,
)
from tests.rehearsal.cloud.running import RunningCloud


@pytest.fixture(scope="module")
def elasticache(cloud: RunningCloud) -> Any:
    """The ElastiCache client."""
    return cloud.client("elasticache")


@pytest.fixture(scope="module")
def group(elasticache: Any) -> Any:
    """An available group of two, with TLS, a token and a parameter group of its own."""
    elasticache.create_cache_parameter_group(
        CacheParameterGroupName="sessions", CacheParameterGroupFamily="redis7", Description="sessions"
    )
    set_parameter(elasticache, "maxmemory-policy", "noeviction")
    elasticache.create_replication_group(
        ReplicationGroupId="store",
        ReplicationGroupDescription="sessions",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AuthToken=TOKEN,
        CacheParameterGroupName="sessions",
        SnapshotRetentionLimit=7,
        SnapshotWindow="03:00-04:00",
        SecurityGroupIds=["sg-1"],
    )
    elasticache.get_waiter("replication_group_available").wait(
        ReplicationGroupId="store", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    return described(elasticache)


def test_the_members_are_clusters_of_their_own(elasticache: Any, group: dict[str, Any]) -> None:
    """A client that waits for each member's cluster succeeds, and reads back what it asked for."""
    assert group["MemberClusters"] == ["store-001", "store-002"]
    for name in group["MemberClusters"]:
        elasticache.get_waiter("cache_cluster_available").wait(
            CacheClusterId=name, WaiterConfig={"Delay": 1, "MaxAttempts": 3}
        )
    listed = elasticache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    assert [cluster["CacheClusterId"] for cluster in listed] == ["store-001", "store-002"]
    first = listed[0]
    assert first["CacheParameterGroup"]["CacheParameterGroupName"] == "sessions"
    assert first["SecurityGroups"] == [{"SecurityGroupId": "sg-1", "Status": "active"}]
    assert (first["EngineVersion"], first["NumCacheNodes"]) == ("7.1", 1)
    assert first["CacheNodes"][0]["Endpoint"]["Port"] == 6379


def test_the_group_is_described_as_it_was_asked_for(group: dict[str, Any]) -> None:
    """A provider that compares sees no drift."""
    wanted = {
        "Description": "sessions",
        "CacheNodeType": "cache.t4g.small",
        "AutomaticFailover": "enabled",
        "MultiAZ": "enabled",
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "required",
        "AtRestEncryptionEnabled": True,
        "AuthTokenEnabled": True,
        "SnapshotRetentionLimit": 7,
        "SnapshotWindow": "03:00-04:00",
        "AutoMinorVersionUpgrade": True,
        "ClusterEnabled": False,
    }
    assert {name: group[name] for name in wanted} == wanted
    assert roles(group) == {"store-001": "primary", "store-002": "replica"}


def test_only_the_token_opens_the_store(cloud: RunningCloud, group: dict[str, Any]) -> None:
    """And what ElastiCache forbids its clients is forbidden here."""
    client = primary(cloud, group)
    assert client.set("greeting", "hello")
    reader = connect(cloud, group["NodeGroups"][0]["ReaderEndpoint"])
    assert reader.info("replication")["role"] == "slave"
    assert eventually(lambda: reader.get("greeting"), within=5) == "hello"
    with pytest.raises(redis.AuthenticationError):
        primary(cloud, group, token="wrong-token-of-sixteen").ping()
    with pytest.raises(NoPermissionError):
        client.config_get("*")


def test_the_parameter_group_takes_effect_while_it_runs(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """On the servers' own word."""
    client = primary(cloud, group)
    assert client.info("memory")["maxmemory_policy"] == "noeviction"
    assert client.info("memory")["maxmemory"] > 1_000_000_000
    set_parameter(elasticache, "maxmemory-policy", "allkeys-lru")
    eventually(lambda: client.info("memory")["maxmemory_policy"] == "allkeys-lru", within=5)
    elasticache.reset_cache_parameter_group(
        CacheParameterGroupName="sessions", ParameterNameValues=[{"ParameterName": "maxmemory-policy"}]
    )
    eventually(lambda: client.info("memory")["maxmemory_policy"] == "noeviction", within=5)


def test_a_failover_cuts_connections_and_keeps_the_endpoint(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """The replica takes over with the data; the old primary comes back as a replica."""
    client = primary(cloud, group)
    client.set("session", "alive")
    eventually(lambda: client.execute_command("WAIT", "1", "500") == 1, within=10)
    pinned = client.connection_pool.get_connection()
    elasticache.test_failover(ReplicationGroupId="store", NodeGroupId="0001")
    after = available(elasticache)
    assert roles(after) == {"store-001": "replica", "store-002": "primary"}
    assert after["NodeGroups"][0]["PrimaryEndpoint"] == group["NodeGroups"][0]["PrimaryEndpoint"]

    def ask() -> None:
        pinned.send_command("PING")
        pinned.read_response()

    with pytest.raises(redis.ConnectionError):
        ask()
    assert value_of(cloud, group, "session") == "alive"
    assert primary(cloud, group).set("written", "after")


def test_a_primary_that_dies_is_replaced(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """Automatic failover, as after a node's failure."""
    before = roles(available(elasticache))
    client = primary(cloud, group)
    client.set("kept", "yes")
    eventually(lambda: client.execute_command("WAIT", "1", "500") == 1, within=10)
    os.kill(client.info("server")["process_id"], signal.SIGKILL)
    eventually(lambda: value_of(cloud, group, "kept") == "yes", within=10)
    eventually(lambda: roles(available(elasticache)) != before, within=10)


def test_a_rebooted_replica_is_missed_by_nobody_and_a_rebooted_primary_comes_back_empty(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """As AWS warns: it starts no failover, and its replicas copy the emptiness."""
    found = available(elasticache)
    names = {role: name for name, role in roles(found).items()}
    client = primary(cloud, group)
    client.set("kept", "yes")
    elasticache.reboot_cache_cluster(CacheClusterId=names["replica"], CacheNodeIdsToReboot=["0001"])
    assert client.get("kept") == "yes"
    available(elasticache)
    elasticache.reboot_cache_cluster(CacheClusterId=names["primary"], CacheNodeIdsToReboot=["0001"])
    with pytest.raises(ClientError, match="not available"):
        elasticache.test_failover(ReplicationGroupId="store", NodeGroupId="0001")
    assert roles(available(elasticache)) == roles(found)
    assert primary(cloud, group).get("kept") is None


def test_a_lost_zone_costs_the_primary_alone(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """Its replica in another zone takes over; the node comes back with the zone, as a replica."""
    found = available(elasticache)
    (node,) = [one for one in found["NodeGroups"][0]["NodeGroupMembers"] if one["CurrentRole"] == "primary"]
    client = primary(cloud, group)
    client.set("kept", "yes")
    eventually(lambda: client.execute_command("WAIT", "1", "500") == 1, within=10)
    cloud.has_subnet_in(node["PreferredAvailabilityZone"])
    cloud.inject("zone-loss", node["PreferredAvailabilityZone"])
    try:
        eventually(lambda: roles(described(elasticache)) != roles(found), within=10)
        eventually(lambda: value_of(cloud, group, "kept") == "yes", within=10)
    finally:
        cloud.inject("zone-return", node["PreferredAvailabilityZone"])
    back = primary(cloud, group)
    eventually(lambda: back.info("replication")["connected_slaves"] == 1, within=20)


def test_a_token_is_rotated_without_shutting_anyone_out(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """ROTATE accepts both, SET the new one alone."""
    available(elasticache)
    for strategy, old_works in (("ROTATE", True), ("SET", False)):
        elasticache.modify_replication_group(
            ReplicationGroupId="store",
            AuthToken=OTHER,
            AuthTokenUpdateStrategy=strategy,
            ApplyImmediately=True,
        )
        available(elasticache)
        assert primary(cloud, group, token=OTHER).ping()
        if old_works:
            assert primary(cloud, group).ping()
        else:
            with pytest.raises(redis.AuthenticationError):
                primary(cloud, group).ping()
    configurations = "".join(path.read_text() for path in cloud.state_dir.glob("elasticache/*/*/redis.conf"))
    assert OTHER not in configurations
    elasticache.modify_replication_group(
        ReplicationGroupId="store", AuthToken=TOKEN, AuthTokenUpdateStrategy="SET", ApplyImmediately=True
    )
    available(elasticache)


def test_replicas_come_and_go_and_the_primary_stays(
    cloud: RunningCloud, elasticache: Any, group: dict[str, Any]
) -> None:
    """Connections to the primary are not cut by it."""
    client = primary(cloud, group)
    pinned = client.connection_pool.get_connection()
    elasticache.increase_replica_count(ReplicationGroupId="store", NewReplicaCount=2, ApplyImmediately=True)
    assert len(available(elasticache)["MemberClusters"]) == 3
    assert client.info("replication")["connected_slaves"] == 2
    elasticache.decrease_replica_count(ReplicationGroupId="store", NewReplicaCount=1, ApplyImmediately=True)
    assert len(available(elasticache)["MemberClusters"]) == 2
    eventually(lambda: client.info("replication")["connected_slaves"] == 1, within=10)
    pinned.send_command("PING")
    assert pinned.read_response() == "PONG"


def test_bad_groups_are_refused_by_name(elasticache: Any) -> None:
    """With what to do instead."""
    for wrong, remedy in (
        ({"AuthToken": "short"}, "TransitEncryptionEnabled"),
        ({"AuthToken": "short", "TransitEncryptionEnabled": True}, "16 to 128 characters"),
        ({"AutomaticFailoverEnabled": True, "NumCacheClusters": 1}, "at least 2 cache clusters"),
        ({"NumNodeGroups": 3}, "NumNodeGroups to 1"),
        ({"CacheNodeType": "cache.huge"}, "cache.huge"),
    ):
        with pytest.raises(ClientError, match=remedy):
            elasticache.create_replication_group(
                ReplicationGroupId="bad", ReplicationGroupDescription="bad", **wrong
            )


@pytest.mark.usefixtures("group")
def test_a_share_of_memory_that_is_none_is_refused(elasticache: Any) -> None:
    """By the API, before any server sees it."""
    with pytest.raises(ClientError, match="must be 0 to 100"):
        set_parameter(elasticache, "reserved-memory-percent", "most")


@pytest.mark.usefixtures("group")
def test_deletion_ends_the_servers(cloud: RunningCloud, elasticache: Any) -> None:
    """A client that waits for it succeeds; the final snapshot is on record, and has the data."""
    elasticache.delete_replication_group(ReplicationGroupId="store", FinalSnapshotIdentifier="last")
    elasticache.get_waiter("replication_group_deleted").wait(
        ReplicationGroupId="store", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    eventually(lambda: cloud.processes() == set(), within=10)
    assert [snapshot["SnapshotName"] for snapshot in elasticache.describe_snapshots()["Snapshots"]] == [
        "last"
    ]
    assert list(cloud.state_dir.glob("elasticache-snapshots/last/*.aof"))
    elasticache.delete_cache_parameter_group(CacheParameterGroupName="sessions")
