"""RDS and ElastiCache.

The pages of their operations name the codes: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/ and
.../AmazonElastiCache/latest/APIReference/.
"""

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.rds.postgres_installation import installation_for
from rehearsal.cloud.references.reference import Check, standing, subnets

_CATEGORIES = {
    "db-instance": (
        *("availability", "backup", "backtrack", "configuration change", "creation", "deletion", "failover"),
        *("failure", "low storage", "maintenance", "notification", "read replica", "recovery", "restoration"),
        *("security", "security patching"),
    ),
    "db-parameter-group": ("configuration change",),
    "db-security-group": ("configuration change", "failure"),
    "db-snapshot": ("creation", "deletion", "notification", "restoration"),
}
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html"""
_OF_RDS = {
    "rds.force_ssl": ("0", "1"),
    "rds.logical_replication": ("0", "1"),
    "rds.force_autovacuum_logging_level": None,
    "rds.log_retention_period": None,
    "rds.restrict_password_commands": ("0", "1"),
    "rds.accepted_password_auth_method": ("md5+scram", "scram"),
    "rds.adaptive_autovacuum": ("0", "1"),
    "rds.extensions": None,
    "rds.babelfish_status": None,
}
"""Parameters of RDS's own, with their values where those are few."""
_BY_EXTENSIONS = ("pg_stat_statements.", "auto_explain.", "pgaudit.", "cron.", "pg_hint_plan.", "pglogical.")


def _create_db_subnet_group(call: JudgedCall) -> Refusal | None:
    wanted = call.members.get("SubnetIds") or []
    if refusal := _subnets_exist(call):
        return refusal
    if len({subnets(call)[subnet].availability_zone for subnet in wanted}) > 1:
        return None
    return Refusal(
        code="DBSubnetGroupDoesNotCoverEnoughAZs",
        message="The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
        " Add subnets to cover at least 2 AZs.",
    )


def _subnets_exist(call: JudgedCall) -> Refusal | None:
    if absent := set(call.members.get("SubnetIds") or []) - subnets(call).keys():
        return Refusal(code="InvalidSubnet", message=f"The subnet ID '{min(absent)}' does not exist")
    return None


def _delete_db_subnet_group(call: JudgedCall) -> Refusal | None:
    name = call.members.get("DBSubnetGroupName")
    for database in list(standing("rds", call).databases.values()):
        group = getattr(database, "db_subnet_group", None)
        if group is not None and group.name == name:
            return Refusal(
                code="InvalidDBSubnetGroupStateFault",
                message=f"Cannot delete the subnet group '{name}' because at least one database instance:"
                f" {database.db_instance_identifier} is still using it.",
            )
    return None


def _modify_db_parameter_group(call: JudgedCall) -> Refusal | None:
    group = standing("rds", call).db_parameter_groups.get(call.members.get("DBParameterGroupName"))
    if group is None or not group.family.startswith("postgres"):
        return None
    installation = installation_for(group.family.removeprefix("postgres"))
    for change in call.members.get("Parameters") or []:
        name, value = change.get("ParameterName", ""), change.get("ParameterValue", "")
        if name not in installation.parameters | _OF_RDS.keys() and not name.startswith(_BY_EXTENSIONS):
            return Refusal(
                code="InvalidParameterValue", message=f"Could not find parameter with name: {name}"
            )
        if "{" not in value and not installation.allows(name, value, _OF_RDS.get(name)):
            return Refusal(
                code="InvalidParameterValue", message=f"Invalid parameter value: {value} for: {name}"
            )
        if change.get("ApplyMethod") == "immediate" and name in installation.static_parameters:
            return Refusal(
                code="InvalidParameterCombination",
                message=f"cannot use immediate apply method for static parameter: {name}",
            )
    return None


def _create_event_subscription(call: JudgedCall) -> Refusal | None:
    if call.members.get("SnsTopicArn") not in standing("sns", call).topics:
        return Refusal(code="SNSTopicArnNotFound", message="The SNS topic ARN does not exist.")
    known = _CATEGORIES.get(call.members.get("SourceType") or "")
    if known is None or set(call.members.get("EventCategories") or []) <= set(known):
        return None
    return Refusal(code="SubscriptionCategoryNotFound", message="The supplied category does not exist.")


def _create_replication_group(call: JudgedCall) -> Refusal | None:
    elasticache = standing("elasticache", call)
    parameters = call.members.get("CacheParameterGroupName")
    if parameters is not None and parameters not in elasticache.cache_parameter_groups:
        return Refusal(
            code="CacheParameterGroupNotFound", message=f"CacheParameterGroup not found: {parameters}"
        )
    network = call.members.get("CacheSubnetGroupName")
    if network is not None and network not in elasticache.cache_subnet_groups:
        return Refusal(
            code="CacheSubnetGroupNotFoundFault", message=f"Cache Subnet Group {network} does not exist."
        )
    return None


def _delete_cache_subnet_group(call: JudgedCall) -> Refusal | None:
    name = call.members.get("CacheSubnetGroupName")
    for group in list(standing("elasticache", call).replication_groups.values()):
        if group.cache_subnet_group_name == name:
            return Refusal(
                code="CacheSubnetGroupInUse",
                message=f"Cache Subnet Group {name} is currently in use by {group.replication_group_id}.",
            )
    return None


STORES: dict[tuple[str, str], Check] = {
    ("rds", "CreateDBSubnetGroup"): _create_db_subnet_group,
    ("rds", "ModifyDBSubnetGroup"): _create_db_subnet_group,
    ("rds", "DeleteDBSubnetGroup"): _delete_db_subnet_group,
    ("rds", "ModifyDBParameterGroup"): _modify_db_parameter_group,
    ("rds", "CreateEventSubscription"): _create_event_subscription,
    ("elasticache", "CreateReplicationGroup"): _create_replication_group,
    ("elasticache", "CreateCacheSubnetGroup"): _subnets_exist,
    ("elasticache", "DeleteCacheSubnetGroup"): _delete_cache_subnet_group,
}
