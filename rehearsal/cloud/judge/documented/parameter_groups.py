"""Parameter groups of ElastiCache and RDS."""

from rehearsal.cloud.judge.documented.rule import Check, Members, ValueRule, holds, matches, one_of, within

_ELASTICACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference"
_CACHE_PARAMETERS: dict[str, Check] = {
    "maxmemory-policy": one_of(
        *("volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu", "volatile-random", "allkeys-random"),
        *("volatile-ttl", "noeviction"),
    ),
    "appendonly": one_of("yes", "no"),
    "appendfsync": one_of("always", "everysec", "no"),
    "activedefrag": one_of("yes", "no"),
    "activerehashing": one_of("yes", "no"),
    "cluster-enabled": one_of("yes", "no"),
    "lazyfree-lazy-eviction": one_of("yes", "no"),
    "lazyfree-lazy-expire": one_of("yes", "no"),
    "lazyfree-lazy-server-del": one_of("yes", "no"),
    "lazyfree-lazy-user-del": one_of("yes", "no"),
    "notify-keyspace-events": matches("[KEg$lshzxeAtdmn]*", "It may have these letters: KEg$lshzxeAtdmn"),
    "reserved-memory-percent": within(0, 100),
    "slowlog-log-slower-than": within(-1, 10**12),
    "slowlog-max-len": within(0, 10**12),
    "tcp-keepalive": within(0, 2**31 - 1),
    "timeout": within(0, 2**31 - 1),
    **dict.fromkeys(
        (
            *("acllog-max-len", "active-defrag-cycle-max", "active-defrag-cycle-min"),
            *("active-defrag-ignore-bytes", "active-defrag-max-scan-fields"),
            *("active-defrag-threshold-lower", "active-defrag-threshold-upper"),
            *("client-output-buffer-limit-normal-hard-limit",),
            *("client-output-buffer-limit-normal-soft-limit",),
            *("client-output-buffer-limit-normal-soft-seconds",),
            *("client-output-buffer-limit-pubsub-hard-limit",),
            *("client-output-buffer-limit-pubsub-soft-limit",),
            *("client-output-buffer-limit-pubsub-soft-seconds",),
            *("client-output-buffer-limit-replica-soft-seconds", "client-query-buffer-limit"),
            *("close-on-replica-write", "cluster-allow-pubsubshard-when-down"),
            *("cluster-allow-reads-when-down", "databases", "hash-max-listpack-entries"),
            *("hash-max-listpack-value", "hash-max-ziplist-entries", "hash-max-ziplist-value"),
            *("hll-sparse-max-bytes", "latency-tracking", "lfu-decay-time", "lfu-log-factor"),
            *("list-compress-depth", "list-max-listpack-size", "list-max-ziplist-size"),
            *("lua-replicate-commands", "maxmemory-clients", "maxmemory-samples", "min-replicas-max-lag"),
            *("min-replicas-to-write", "proto-max-bulk-len", "rename-commands", "repl-backlog-size"),
            *("repl-backlog-ttl", "repl-timeout", "replica-allow-chaining", "replica-ignore-maxmemory"),
            *("replica-lazy-flush", "set-max-intset-entries", "set-max-listpack-entries"),
            *("set-max-listpack-value", "stream-node-max-bytes", "stream-node-max-entries"),
            *("tracking-table-max-keys", "zset-max-listpack-entries", "zset-max-listpack-value"),
            *("zset-max-ziplist-entries", "zset-max-ziplist-value"),
        ),
        holds(bool, "It needs a value"),
    ),
}


def _is_cache_parameter(entry: Members) -> str | None:
    name, value = entry.get("ParameterName", ""), entry.get("ParameterValue", "")
    if name not in _CACHE_PARAMETERS:
        return f"Could not find parameter with name: {name}"
    wrong = _CACHE_PARAMETERS[name](value)
    return f"{name}: {wrong.replace('{value}', value)}" if wrong else None


PARAMETER_GROUPS = (
    ValueRule(
        operations="elasticache ModifyCacheParameterGroup",
        member="ParameterNameValues.*",
        check=_is_cache_parameter,
        page="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html",
    ),
    ValueRule(
        operations="elasticache ResetCacheParameterGroup",
        member="ParameterNameValues.*",
        check=holds(
            lambda entry: entry.get("ParameterName") in _CACHE_PARAMETERS,
            "Could not find a parameter of that name: {value}",
        ),
        page=f"{_ELASTICACHE}/API_ResetCacheParameterGroup.html",
    ),
    ValueRule(
        operations="rds ModifyDBParameterGroup ResetDBParameterGroup",
        member="Parameters.*",
        check=holds(
            lambda entry: bool(entry.get("ParameterName")),
            "The parameter ParameterName must be provided and must not be blank.",
        ),
        page="https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html",
    ),
)
