"""RDS and ElastiCache."""

import re

from rehearsal.cloud.judge.documented.rule import Check, Members, ValueRule, holds, matches, one_of, within
from rehearsal.cloud.judge.violation import ViolationKind

_RDS = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference"
_ELASTICACHE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference"
_CREATE = f"{_RDS}/API_CreateDBInstance.html"
_DATABASE = "rds CreateDBInstance ModifyDBInstance"
_STORE = "elasticache CreateReplicationGroup ModifyReplicationGroup"
_DAY = 24 * 60
_MIN_STORAGE_GIB = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100, "standard": 5}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RESERVED_NAMES = ("admin", "rdsadmin", "rds_superuser", "rdsrepladmin", "user", "public", "none")
_TIME = r"([01]\d|2[0-3]):([0-5]\d)"


def _identifier(longest: int) -> Check:
    return matches(
        rf"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{{0,{longest - 1}}}(?<!-)",
        "The parameter {value} is not a valid identifier. Identifiers must begin with a letter; must contain"
        " only ASCII letters, digits, and hyphens; must not end with a hyphen or contain two consecutive"
        f" hyphens; and have at most {longest} characters.",
    )


def _daily(shortest: int) -> Check:
    """A window such as `23:30-00:30` of at least so many minutes."""

    def is_window(text: str) -> bool:
        found = re.fullmatch(f"{_TIME}-{_TIME}", text)
        if not found:
            return False
        begin, end = (int(found[at]) * 60 + int(found[at + 1]) for at in (1, 3))
        return (end - begin) % _DAY >= shortest

    return holds(is_window, f"The window {{value}} must be hh24:mi-hh24:mi, of {shortest} minutes or more")


def _weekly(shortest: int) -> Check:
    """A window such as `sun:23:30-mon:00:30` of at least so many minutes."""

    def is_window(text: str) -> bool:
        day = f"({'|'.join(_DAYS)})"
        found = re.fullmatch(f"{day}:{_TIME}-{day}:{_TIME}", text.lower())
        if not found:
            return False
        begin, end = (
            _DAYS.index(found[at]) * _DAY + int(found[at + 1]) * 60 + int(found[at + 2]) for at in (1, 4)
        )
        return (end - begin) % (7 * _DAY) >= shortest

    return holds(
        is_window, f"The window {{value}} must be ddd:hh24:mi-ddd:hh24:mi, of {shortest} minutes or more"
    )


def _has_storage(members: Members) -> bool:
    if members.get("Engine") != "postgres" or "AllocatedStorage" not in members:
        return True
    return bool(members["AllocatedStorage"] >= _MIN_STORAGE_GIB.get(members.get("StorageType", "gp2"), 20))


def _may_grow(members: Members) -> bool:
    limit = members.get("MaxAllocatedStorage")
    return limit is None or limit > members.get("AllocatedStorage", 0)


def _monitors_as(members: Members) -> bool:
    return not members.get("MonitoringInterval") or bool(members.get("MonitoringRoleArn"))


def _logs_exist(members: Members) -> bool:
    known = ("postgresql", "upgrade", "iam-db-auth-error")
    wanted = members.get("EnableCloudwatchLogsExports") or []
    return members.get("Engine") != "postgres" or set(wanted) <= set(known)


def _fails_over_to_something(members: Members) -> bool:
    nodes = members.get("NumCacheClusters") or (members.get("ReplicasPerNodeGroup") or 0) + 1
    return not members.get("AutomaticFailoverEnabled") or nodes > 1


STORES = (
    ValueRule(
        operations="rds CreateDBInstance", member="DBInstanceIdentifier", check=_identifier(63), page=_CREATE
    ),
    ValueRule(
        operations="elasticache DeleteReplicationGroup",
        member="FinalSnapshotIdentifier",
        check=_identifier(255),
        page=f"{_ELASTICACHE}/API_DeleteReplicationGroup.html",
    ),
    ValueRule(
        operations="rds CreateDBSnapshot",
        member="DBSnapshotIdentifier",
        check=_identifier(255),
        page=f"{_RDS}/API_CreateDBSnapshot.html",
    ),
    ValueRule(
        operations="rds DeleteDBInstance",
        member="FinalDBSnapshotIdentifier",
        check=_identifier(255),
        page=f"{_RDS}/API_DeleteDBInstance.html",
    ),
    ValueRule(
        operations="rds CreateDBParameterGroup",
        member="DBParameterGroupName",
        check=_identifier(255),
        page=f"{_RDS}/API_CreateDBParameterGroup.html",
    ),
    ValueRule(
        operations="rds CreateDBInstance",
        member="MasterUsername",
        check=holds(
            lambda name: name.lower() not in _RESERVED_NAMES,
            "MasterUsername {value} cannot be used as it is a reserved word used by the engine",
        ),
        page=_CREATE,
    ),
    ValueRule(
        operations=_DATABASE,
        member="MasterUserPassword",
        check=matches(
            r"[!#-.0-?A-~]{8,128}",
            "The parameter MasterUserPassword is not a valid password. It must have 8 to 128 printable ASCII"
            " characters besides '/', '@', '\"', ' '.",
        ),
        secret=True,
        page=_CREATE,
    ),
    ValueRule(
        operations="rds CreateDBInstance",
        check=holds(_has_storage, "Invalid storage size for engine name postgres and its storage type"),
        page=_CREATE,
    ),
    ValueRule(
        operations="rds CreateDBInstance",
        check=holds(_may_grow, "Max storage size must be greater than storage size"),
        kind=ViolationKind.COMBINATION,
        page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html",
    ),
    ValueRule(operations=_DATABASE, member="PreferredBackupWindow", check=_daily(30), page=_CREATE),
    ValueRule(operations=_DATABASE, member="PreferredMaintenanceWindow", check=_weekly(30), page=_CREATE),
    ValueRule(
        operations=_DATABASE,
        member="MonitoringInterval",
        check=one_of(0, 1, 5, 10, 15, 30, 60),
        page=_CREATE,
    ),
    ValueRule(
        operations="rds CreateDBInstance",
        check=holds(
            _monitors_as,
            "A MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0.",
        ),
        kind=ViolationKind.COMBINATION,
        page=_CREATE,
    ),
    ValueRule(
        operations=_DATABASE,
        member="PerformanceInsightsRetentionPeriod",
        check=one_of(7, 731, *range(31, 714, 31)),
        page=_CREATE,
    ),
    ValueRule(
        operations="rds CreateDBInstance",
        check=holds(_logs_exist, "You cannot use a log type that the DB engine does not export"),
        kind=ViolationKind.COMBINATION,
        page=_CREATE,
    ),
    ValueRule(
        operations="rds CreateDBParameterGroup",
        member="DBParameterGroupFamily",
        check=matches(
            r"(postgres(9\.[3-6]|1[0-8])|mysql\d\.\d|mariadb\d+\.\d+|aurora-(mysql|postgresql)\d+(\.\d+)?"
            r"|(oracle|sqlserver|db2|custom)-.+|default.*)",
            "ParameterGroupFamily {value} is not a valid parameter group family",
        ),
        page="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html",
    ),
    ValueRule(
        operations="elasticache CreateReplicationGroup",
        member="ReplicationGroupId",
        check=_identifier(40),
        page=f"{_ELASTICACHE}/API_CreateReplicationGroup.html",
    ),
    ValueRule(
        operations="elasticache CreateReplicationGroup",
        check=holds(
            _fails_over_to_something,
            "When using automatic failover, there must be at least 2 cache clusters in the group.",
        ),
        kind=ViolationKind.COMBINATION,
        page=f"{_ELASTICACHE}/API_CreateReplicationGroup.html",
    ),
    ValueRule(
        operations=_STORE,
        member="SnapshotRetentionLimit",
        check=within(0, 35),
        page="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html",
    ),
    ValueRule(
        operations=_STORE,
        member="SnapshotWindow",
        check=_daily(60),
        page="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-automatic.html",
    ),
    ValueRule(
        operations=_STORE,
        member="PreferredMaintenanceWindow",
        check=_weekly(60),
        page=f"{_ELASTICACHE}/API_CreateReplicationGroup.html",
    ),
    ValueRule(
        operations="elasticache CreateReplicationGroup",
        member="NumNodeGroups",
        check=within(1, 500),
        page=f"{_ELASTICACHE}/API_CreateReplicationGroup.html",
    ),
)
