"""The parameter group of the database: what every stack sets, and why."""

from collections.abc import Mapping

import pulumi_aws as aws

DEFAULTS: Mapping[str, str] = {
    # No connection without TLS (RDS.38).
    "rds.force_ssl": "1",
    # Which queries cost most; what an index changed.
    "shared_preload_libraries": "pg_stat_statements",
    # ms. Slower than this is worth a line in the log.
    "log_min_duration_statement": "500",
    # Who waited over a second (deadlock_timeout) for which lock: to be known after a bad migration.
    "log_lock_waits": "1",
    # ms. A forgotten transaction keeps its locks, and keeps VACUUM from tidying up, until it ends.
    "idle_in_transaction_session_timeout": "60000",
    # ms. No request waits longer than that behind a lock; migrations set a shorter one for themselves.
    "lock_timeout": "10000",
}

STATIC = frozenset(
    {
        "autovacuum_max_workers",
        "huge_pages",
        "max_connections",
        "max_locks_per_transaction",
        "max_prepared_transactions",
        "max_replication_slots",
        "max_wal_senders",
        "max_worker_processes",
        "rds.logical_replication",
        "shared_buffers",
        "shared_preload_libraries",
        "track_activity_query_size",
        "wal_buffers",
    }
)
"""Those that RDS applies at the next restart only, and refuses to apply at once.
Source: DescribeEngineDefaultParameters, postgres17, ApplyType static."""

RDS_OWN = frozenset({"rds.force_ssl"})
"""Dynamic, and set to the value that RDS itself has, which it does not register as a change: it goes on to
answer `pending-reboot`, and `immediate` would differ after each `pulumi refresh`, for ever."""


def family(engine_version: str) -> str:
    """The parameter group family of a version: `postgres17` of 17.4."""
    return f"postgres{engine_version.partition('.')[0]}"


def parameters(own: Mapping[str, str]) -> list[aws.rds.ParameterGroupParameterArgsDict]:
    """The defaults, and the stack's `own` over them."""
    return [
        {
            "name": name,
            "value": value,
            "apply_method": "pending-reboot" if name in STATIC | RDS_OWN else "immediate",
        }
        for name, value in sorted({**DEFAULTS, **own}.items())
    ]
