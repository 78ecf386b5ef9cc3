"""The Redis stores: encrypted, authenticated, and what gives way when memory is full."""

import json
from dataclasses import replace
from typing import Any

import pytest

from components.redis_store import SESSIONS, RedisSettings, RedisStore, RedisStoreArgs, Role
from testkit.registered import Registered, register, secret
from tests.unit.components.rolled import COMMON

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
ARGS = RedisStoreArgs(
    settings=RedisSettings(),
    role=SESSIONS,
    subnet_ids=["data-a", "data-b"],
    security_group_id="sg",
    common=COMMON,
)


def store(role: Role = SESSIONS, **differences: Any) -> Registered:
    args = replace(ARGS, role=role, settings=replace(ARGS.settings, **differences))
    return register(lambda: RedisStore("kit", args))


def test_a_store_is_made_of_exactly_this() -> None:
    """One replication group and what it stands on."""
    assert store().types == {
        "aws:elasticache/parameterGroup:ParameterGroup": 1,
        "aws:elasticache/replicationGroup:ReplicationGroup": 1,
        "aws:elasticache/subnetGroup:SubnetGroup": 1,
        "aws:secretsmanager/secret:Secret": 1,
        "aws:secretsmanager/secretVersion:SecretVersion": 1,
        "random:index/randomId:RandomId": 1,
        "random:index/randomPassword:RandomPassword": 1,
    }


def test_production_holds_every_control_of_a_store() -> None:
    """ElastiCache.1 to .7, input by input."""
    assert store()[GROUP, "kit"] == {
        "replicationGroupId": "kit",
        "description": "Sessions and queues",
        "engine": "redis",
        "engineVersion": "7.1",
        "autoMinorVersionUpgrade": True,
        "nodeType": "cache.m7g.large",
        "numCacheClusters": 2,
        "multiAzEnabled": True,
        "automaticFailoverEnabled": True,
        "subnetGroupName": "kit-0123456",
        "securityGroupIds": ["sg"],
        "port": 6379,
        "parameterGroupName": "kit-0123456",
        "transitEncryptionEnabled": True,
        "authToken": secret("password of kit-auth-token"),
        "atRestEncryptionEnabled": True,
        "kmsKeyId": "arn:key",
        "snapshotRetentionLimit": 7,
        "finalSnapshotIdentifier": "kit-final-0a1b2c3d",
        "applyImmediately": False,
    }


def test_a_lone_primary_promises_no_failover() -> None:
    """AWS refuses both without a replica."""
    inputs = store(replicas=0)[GROUP, "kit"]
    assert inputs["numCacheClusters"] == 1
    assert inputs["multiAzEnabled"] is False
    assert inputs["automaticFailoverEnabled"] is False


def test_sessions_never_give_way() -> None:
    """`noeviction` is a parameter of the group, not ElastiCache's default."""
    group = store()["aws:elasticache/parameterGroup:ParameterGroup", "kit"]
    assert group["family"] == "redis7"
    assert group["parameters"] == [{"name": "maxmemory-policy", "value": "noeviction"}]


def test_the_token_is_a_secret_that_a_url_can_hold() -> None:
    """Letters and digits only, within the 16 to 128 that AUTH takes."""
    made = store()
    token = made["random:index/randomPassword:RandomPassword", "kit-auth-token"]
    assert token == {"length": 40, "special": False}
    version = made["aws:secretsmanager/secretVersion:SecretVersion", "kit-token-version"]
    assert json.loads(version["secretString"]["value"]) == {"auth_token": "password of kit-auth-token"}


def test_a_cache_leaves_no_snapshot() -> None:
    """It can be filled again."""
    made = store(final_snapshot=False)
    assert "finalSnapshotIdentifier" not in made[GROUP, "kit"]
    assert made.all("random:index/randomId:RandomId") == {}


def test_a_store_that_is_replaced_leaves_a_snapshot_of_its_own_name() -> None:
    """What replaces it makes another random suffix."""
    other = store(port=6380)["random:index/randomId:RandomId", "kit-final-snapshot"]
    assert other != store()["random:index/randomId:RandomId", "kit-final-snapshot"]


@pytest.mark.parametrize("on", [True, False])
def test_the_engine_keeps_a_store_that_is_protected(on: bool) -> None:
    """And no other."""
    options = store(deletion_protection=on).options[GROUP, "kit"]
    assert options.protect is on
    assert len(options.hooks.before_delete) == on
