"""What one asks of a replication group: through the API, and of its nodes."""

from typing import Any

import redis

from testkit.waiting import eventually
from tests.rehearsal.cloud.running import RunningCloud

TOKEN = "first-token-of-sixteen"
OTHER = "other-token-of-sixteen!"


def described(elasticache: Any) -> Any:
    return elasticache.describe_replication_groups(ReplicationGroupId="store")["ReplicationGroups"][0]


def available(elasticache: Any) -> Any:
    return eventually(lambda: (found := described(elasticache))["Status"] == "available" and found, within=30)


def set_parameter(elasticache: Any, name: str, value: str) -> None:
    elasticache.modify_cache_parameter_group(
        CacheParameterGroupName="sessions",
        ParameterNameValues=[{"ParameterName": name, "ParameterValue": value}],
    )


def connect(cloud: RunningCloud, endpoint: dict[str, Any], token: str = TOKEN) -> Any:
    return redis.Redis(
        host=endpoint["Address"],
        port=endpoint["Port"],
        password=token,
        ssl=True,
        ssl_ca_certs=str(cloud.ca),
        socket_timeout=2,
        decode_responses=True,
    )


def primary(cloud: RunningCloud, group: dict[str, Any], token: str = TOKEN) -> Any:
    return connect(cloud, group["NodeGroups"][0]["PrimaryEndpoint"], token)


def roles(group: dict[str, Any]) -> dict[str, str]:
    return {
        node["CacheClusterId"]: node["CurrentRole"] for node in group["NodeGroups"][0]["NodeGroupMembers"]
    }


def value_of(cloud: RunningCloud, group: dict[str, Any], key: str) -> Any:
    try:
        return primary(cloud, group).get(key)
    except redis.RedisError:
        return None
