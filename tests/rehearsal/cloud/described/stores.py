"""Postgres and Redis."""

from collections.abc import Callable

from tests.rehearsal.cloud.described.network import TAGS, security_group_ids, subnet_ids
from tests.rehearsal.cloud.described.operations import topic_arn
from tests.rehearsal.cloud.described.put import Put, PuttingClient


def db_subnet_group(aws: PuttingClient) -> Put:
    asked = {"DBSubnetGroupName": "described", "DBSubnetGroupDescription": "Data subnets"}
    aws.client("rds").create_db_subnet_group(**asked, SubnetIds=aws.once(subnet_ids), Tags=TAGS)
    subnets = [{"SubnetIdentifier": identity} for identity in aws.once(subnet_ids)]
    return Put(
        asked={**asked, "Subnets": subnets},
        described=aws.describe(
            "rds", "describe_db_subnet_groups", "DBSubnetGroups", DBSubnetGroupName="described"
        ),
    )


def db_parameter_group(aws: PuttingClient) -> Put:
    asked = {
        "DBParameterGroupName": "described",
        "DBParameterGroupFamily": "postgres17",
        "Description": "Of a test",
    }
    rds = aws.client("rds")
    rds.create_db_parameter_group(**asked, Tags=TAGS)
    parameter = {
        "ParameterName": "log_min_duration_statement",
        "ParameterValue": "250",
        "ApplyMethod": "immediate",
    }
    rds.modify_db_parameter_group(DBParameterGroupName="described", Parameters=[parameter])
    found = rds.describe_db_parameters(DBParameterGroupName="described", Source="user")["Parameters"]
    assert parameter.items() <= next(iter(found)).items()
    return Put(
        asked=asked,
        described=aws.describe(
            "rds", "describe_db_parameter_groups", "DBParameterGroups", DBParameterGroupName="described"
        ),
    )


def db_instance(aws: PuttingClient) -> Put:
    aws.once(db_subnet_group)
    aws.once(db_parameter_group)
    asked = {
        "DBInstanceIdentifier": "described",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "EngineVersion": "17.5",
        "AllocatedStorage": 20,
        "MaxAllocatedStorage": 100,
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "DBName": "described",
        "MasterUsername": "evenkeel",
        "MasterUserPassword": "of-the-test-and-no-other",
        "DBSubnetGroupName": "described",
        "DBParameterGroupName": "described",
        "VpcSecurityGroupIds": aws.once(security_group_ids)[1:],
        "MultiAZ": False,
        "PubliclyAccessible": False,
        "BackupRetentionPeriod": 7,
        "PreferredBackupWindow": "03:00-04:00",
        "PreferredMaintenanceWindow": "sun:04:30-sun:05:30",
        "CopyTagsToSnapshot": True,
        "AutoMinorVersionUpgrade": False,
        "DeletionProtection": False,
        "EnablePerformanceInsights": True,
        "PerformanceInsightsRetentionPeriod": 7,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "Tags": TAGS,
    }
    rds = aws.client("rds")
    rds.create_db_instance(**asked)
    rds.get_waiter("db_instance_available").wait(
        DBInstanceIdentifier="described", WaiterConfig={"Delay": 1, "MaxAttempts": 180}
    )
    (parameters,) = rds.describe_db_instances(DBInstanceIdentifier="described")["DBInstances"][0][
        "DBParameterGroups"
    ]
    assert parameters["DBParameterGroupName"] == "described"
    return Put(
        asked=asked,
        described=aws.describe(
            "rds", "describe_db_instances", "DBInstances", DBInstanceIdentifier="described"
        ),
        names={
            "DBSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
            "EnablePerformanceInsights": "PerformanceInsightsEnabled",
            "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
            "EnableCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
            "Tags": "TagList",
        },
        unasked=("ReadReplicaSourceDBInstanceIdentifier", "MonitoringRoleArn", "CharacterSetName"),
    )


def event_subscription(aws: PuttingClient) -> Put:
    asked = {
        "SubscriptionName": "described",
        "SnsTopicArn": aws.once(topic_arn),
        "SourceType": "db-instance",
        "EventCategories": ["failover", "failure"],
        "Enabled": True,
    }
    aws.client("rds").create_event_subscription(**asked, Tags=TAGS)
    return Put(
        asked=asked,
        described=aws.describe(
            "rds", "describe_event_subscriptions", "EventSubscriptionsList", SubscriptionName="described"
        ),
        names={"SubscriptionName": "CustSubscriptionId", "EventCategories": "EventCategoriesList"},
    )


def cache_subnet_group(aws: PuttingClient) -> Put:
    asked = {"CacheSubnetGroupName": "described", "CacheSubnetGroupDescription": "Data subnets"}
    aws.client("elasticache").create_cache_subnet_group(**asked, SubnetIds=aws.once(subnet_ids), Tags=TAGS)
    subnets = [{"SubnetIdentifier": identity} for identity in aws.once(subnet_ids)]
    return Put(
        asked={**asked, "Subnets": subnets},
        described=aws.describe(
            "elasticache",
            "describe_cache_subnet_groups",
            "CacheSubnetGroups",
            CacheSubnetGroupName="described",
        ),
    )


def cache_parameter_group(aws: PuttingClient) -> Put:
    asked = {
        "CacheParameterGroupName": "described",
        "CacheParameterGroupFamily": "redis7",
        "Description": "Of a test",
    }
    elasticache = aws.client("elasticache")
    elasticache.create_cache_parameter_group(**asked, Tags=TAGS)
    policy = {"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}
    elasticache.modify_cache_parameter_group(
        CacheParameterGroupName="described", ParameterNameValues=[policy]
    )
    found = elasticache.describe_cache_parameters(CacheParameterGroupName="described", Source="user")
    assert any(policy.items() <= one.items() for one in found["Parameters"])
    return Put(
        asked=asked,
        described=aws.describe(
            "elasticache",
            "describe_cache_parameter_groups",
            "CacheParameterGroups",
            CacheParameterGroupName="described",
        ),
    )


def replication_group(aws: PuttingClient) -> Put:
    aws.once(cache_subnet_group)
    aws.once(cache_parameter_group)
    asked = {
        "ReplicationGroupId": "described",
        "ReplicationGroupDescription": "Sessions",
        "CacheNodeType": "cache.t4g.micro",
        "Engine": "redis",
        "TransitEncryptionEnabled": True,
        "AtRestEncryptionEnabled": True,
        "SnapshotRetentionLimit": 3,
        "SnapshotWindow": "02:00-03:00",
        "AutoMinorVersionUpgrade": True,
    }
    elasticache = aws.client("elasticache")
    elasticache.create_replication_group(
        **asked,
        EngineVersion="7.1",
        AuthToken="a-token-of-the-tests-own",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        CacheSubnetGroupName="described",
        CacheParameterGroupName="described",
        SecurityGroupIds=aws.once(security_group_ids)[1:],
        Port=6379,
        Tags=TAGS,
    )
    elasticache.get_waiter("replication_group_available").wait(
        ReplicationGroupId="described", WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    return Put(
        asked={
            **asked,
            "AuthTokenEnabled": True,
            "AutomaticFailover": "enabled",
            "MultiAZ": "enabled",
            "ClusterEnabled": False,
        },
        described=aws.describe(
            "elasticache",
            "describe_replication_groups",
            "ReplicationGroups",
            ReplicationGroupId="described",
        ),
        names={"ReplicationGroupDescription": "Description"},
    )


PUTS: dict[str, Callable[[PuttingClient], Put]] = {
    "aws:elasticache/parameterGroup:ParameterGroup": lambda aws: aws.once(cache_parameter_group),
    "aws:elasticache/replicationGroup:ReplicationGroup": replication_group,
    "aws:elasticache/subnetGroup:SubnetGroup": lambda aws: aws.once(cache_subnet_group),
    "aws:rds/eventSubscription:EventSubscription": event_subscription,
    "aws:rds/instance:Instance": db_instance,
    "aws:rds/parameterGroup:ParameterGroup": lambda aws: aws.once(db_parameter_group),
    "aws:rds/subnetGroup:SubnetGroup": lambda aws: aws.once(db_subnet_group),
}
