"""RDS: databases, and their groups."""

from functools import partial
from typing import Any

from tests.rehearsal.cloud.mistakes.mistake import Mistake
from tests.rehearsal.cloud.mistakes.stores import elasticache

rds = partial(Mistake, service="rds")


def database(**members: Any) -> dict[str, Any]:
    """The members of CreateDBInstance."""
    return {
        "DBInstanceIdentifier": "new",
        "DBInstanceClass": "db.t4g.micro",
        "Engine": "postgres",
        "AllocatedStorage": 20,
        "MasterUsername": "keel",
        "MasterUserPassword": "password-of-new",
        **members,
    }


DATABASES = (
    rds(
        what="a database's identifier that begins with a digit",
        operation="CreateDBInstance",
        members=database(DBInstanceIdentifier="1st"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a database's identifier with two hyphens",
        operation="CreateDBInstance",
        members=database(DBInstanceIdentifier="new--one"),
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a final snapshot whose name is a path",
        operation="DeleteReplicationGroup",
        members={"ReplicationGroupId": "standing", "FinalSnapshotIdentifier": "../etc"},
        code="InvalidParameterValue",
    ),
    rds(
        what="a final snapshot of a database whose name is a path",
        operation="DeleteDBInstance",
        members={"DBInstanceIdentifier": "standing", "FinalDBSnapshotIdentifier": "../etc"},
        code="InvalidParameterValue",
    ),
    elasticache(
        what="a parameter group of no name",
        operation="DescribeCacheParameters",
        members={"CacheParameterGroupName": ""},
        code="InvalidParameterValue",
    ),
    rds(
        what="a database of no name",
        operation="StartDBInstance",
        members={"DBInstanceIdentifier": ""},
        code="InvalidParameterValue",
    ),
    rds(
        what="a database without a class",
        operation="CreateDBInstance",
        members={key: value for key, value in database().items() if key != "DBInstanceClass"},
        code="MissingParameter",
    ),
    rds(
        what="a database's class that there is not",
        operation="CreateDBInstance",
        members=database(DBInstanceClass="db.m9.large"),
        code="InvalidParameterValue",
    ),
    rds(
        what="an engine that there is not",
        operation="CreateDBInstance",
        members=database(Engine="postgresql"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a version of an engine that there is not",
        operation="CreateDBInstance",
        members=database(EngineVersion="17.99"),
        code="InvalidParameterCombination",
    ),
    rds(
        what="a database of 5 GiB",
        operation="CreateDBInstance",
        members=database(AllocatedStorage=5),
        code="InvalidParameterValue",
    ),
    rds(
        what="a storage limit below the storage",
        operation="CreateDBInstance",
        members=database(MaxAllocatedStorage=10),
        code="InvalidParameterCombination",
    ),
    rds(
        what="a password of seven characters",
        operation="CreateDBInstance",
        members=database(MasterUserPassword="seven77"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a password with an at sign",
        operation="CreateDBInstance",
        members=database(MasterUserPassword="p@ssword-of-new"),
        code="InvalidParameterValue",
    ),
    rds(
        what="an administrator by a reserved name",
        operation="CreateDBInstance",
        members=database(MasterUsername="rdsadmin"),
        code="InvalidParameterValue",
    ),
    rds(
        what="backups for 36 days",
        operation="CreateDBInstance",
        members=database(BackupRetentionPeriod=36),
        code="InvalidParameterValue",
    ),
    rds(
        what="a backup window of ten minutes",
        operation="CreateDBInstance",
        members=database(PreferredBackupWindow="02:00-02:10"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a backup window at 25 o'clock",
        operation="CreateDBInstance",
        members=database(PreferredBackupWindow="25:00-26:00"),
        code="InvalidParameterValue",
    ),
    rds(
        what="a maintenance window without times",
        operation="CreateDBInstance",
        members=database(PreferredMaintenanceWindow="mon-tue"),
        code="InvalidParameterValue",
    ),
    rds(
        what="monitoring every seven seconds",
        operation="CreateDBInstance",
        members=database(MonitoringInterval=7, MonitoringRoleArn="{role_arn}"),
        code="InvalidParameterValue",
    ),
    rds(
        what="monitoring without a role",
        operation="CreateDBInstance",
        members=database(MonitoringInterval=60),
        code="InvalidParameterCombination",
    ),
    rds(
        what="a key for storage that is not encrypted",
        operation="CreateDBInstance",
        members=database(KmsKeyId="{key_arn}"),
        code="InvalidParameterCombination",
    ),
    rds(
        what="performance insights for eight days",
        operation="CreateDBInstance",
        members=database(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=8),
        code="InvalidParameterValue",
    ),
    rds(
        what="a subnet group that is not there",
        operation="CreateDBInstance",
        members=database(DBSubnetGroupName="absent"),
        code="DBSubnetGroupNotFoundFault",
    ),
    rds(
        what="a parameter group that is not there",
        operation="CreateDBInstance",
        members=database(DBParameterGroupName="absent"),
        code="DBParameterGroupNotFound",
    ),
    rds(
        what="a second database of an identifier",
        operation="CreateDBInstance",
        members=database(DBInstanceIdentifier="standing"),
        code="DBInstanceAlreadyExists",
    ),
    rds(
        what="a log that PostgreSQL does not have",
        operation="CreateDBInstance",
        members=database(EnableCloudwatchLogsExports=["slowquery"]),
        code="InvalidParameterCombination",
    ),
    rds(
        what="a database that is protected",
        operation="DeleteDBInstance",
        members={"DBInstanceIdentifier": "standing", "SkipFinalSnapshot": True},
        code="InvalidParameterCombination",
    ),
    rds(
        what="the end of a database without a word on its data",
        operation="DeleteDBInstance",
        members={"DBInstanceIdentifier": "standing"},
        code="InvalidParameterCombination",
    ),
    rds(
        what="a database that is not there",
        operation="ModifyDBInstance",
        members={"DBInstanceIdentifier": "absent", "MultiAZ": True},
        code="DBInstanceNotFound",
    ),
    rds(
        what="a subnet group in one zone",
        operation="CreateDBSubnetGroup",
        members={
            "DBSubnetGroupName": "new",
            "DBSubnetGroupDescription": "new",
            "SubnetIds": ["{subnet}"],
        },
        code="DBSubnetGroupDoesNotCoverEnoughAZs",
    ),
    rds(
        what="a subnet group of a subnet that is not there",
        operation="CreateDBSubnetGroup",
        members={
            "DBSubnetGroupName": "new",
            "DBSubnetGroupDescription": "new",
            "SubnetIds": ["{subnet}", "subnet-0123456789abcdef0"],
        },
        code="InvalidSubnet",
    ),
    rds(
        what="a subnet group in use",
        operation="DeleteDBSubnetGroup",
        members={"DBSubnetGroupName": "standing"},
        code="InvalidDBSubnetGroupStateFault",
    ),
    rds(
        what="an event of a category that there is not",
        operation="CreateEventSubscription",
        members={
            "SubscriptionName": "new",
            "SnsTopicArn": "{topic}",
            "SourceType": "db-instance",
            "EventCategories": ["boredom"],
        },
        code="SubscriptionCategoryNotFound",
    ),
    rds(
        what="a topic for events that is not there",
        operation="CreateEventSubscription",
        members={"SubscriptionName": "new", "SnsTopicArn": "{topic}0"},
        code="SNSTopicArnNotFound",
    ),
)
