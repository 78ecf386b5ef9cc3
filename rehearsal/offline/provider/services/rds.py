"""RDS: instances and their groups."""

from typing import Any

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Ready, Resource, SeveralCalls, Tags, Work
from rehearsal.offline.provider.tags import by_arn
from rehearsal.offline.provider.values import words

PARAMETERS_A_CALL = 20
"""ModifyDBParameterGroup takes no more."""


def tags(kind: str, name: str = "{id}") -> Tags:
    """Those of a resource whose ARN ends in `KIND:NAME`."""
    return by_arn(f"arn:{{partition}}:rds:{{region}}:{{account}}:{kind}:{name}")


def change_parameters(work: Work) -> None:
    """Sets the parameters that differ, and resets those that the program no longer names."""
    old = {parameter["name"]: parameter for parameter in work.old.get("parameters") or []}
    new = {parameter["name"]: parameter for parameter in work.inputs.get("parameters") or []}
    for at in batches([name for name in old if name not in new]):
        work.api.reset_db_parameter_group(
            DBParameterGroupName=work.id,
            Parameters=[{"ParameterName": name, "ApplyMethod": method(old[name])} for name in at],
        )
    for at in batches([name for name in new if new[name] != old.get(name)]):
        work.api.modify_db_parameter_group(
            DBParameterGroupName=work.id,
            Parameters=[
                {
                    "ParameterName": name,
                    "ParameterValue": new[name]["value"],
                    "ApplyMethod": method(new[name]),
                }
                for name in at
            ],
        )


def method(parameter: dict[str, str]) -> str:
    """`immediate`, or `pending-reboot` for a static parameter."""
    return parameter.get("applyMethod", "immediate")


def batches(names: list[str]) -> list[list[str]]:
    """The names, as many at a time as the API takes."""
    return [names[at : at + PARAMETERS_A_CALL] for at in range(0, len(names), PARAMETERS_A_CALL)]


def read_parameters(work: Work) -> dict[str, Any]:
    """What the group sets itself."""
    pages = work.api.get_paginator("describe_db_parameters").paginate(
        DBParameterGroupName=work.id, Source="user"
    )
    return {
        "Parameters": [
            {
                "Name": parameter["ParameterName"],
                "Value": parameter["ParameterValue"],
                "ApplyMethod": parameter.get("ApplyMethod"),
            }
            for page in pages
            for parameter in page.get("Parameters", [])
            if "ParameterValue" in parameter
        ]
    }


def change_logs(work: Work) -> None:
    """Logs are switched on and off one by one."""
    old = work.old.get("enabledCloudwatchLogsExports") or []
    new = work.inputs.get("enabledCloudwatchLogsExports") or []
    work.api.modify_db_instance(
        DBInstanceIdentifier=work.inputs["identifier"],
        CloudwatchLogsExportConfiguration={
            "EnableLogTypes": [log for log in new if log not in old],
            "DisableLogTypes": [log for log in old if log not in new],
        },
        ApplyImmediately=True,
    )


def delete_instance(work: Work) -> None:
    """With a final snapshot, unless it is to be skipped."""
    arguments: dict[str, Any] = {"SkipFinalSnapshot": bool(work.inputs.get("skipFinalSnapshot"))}
    if not arguments["SkipFinalSnapshot"]:
        if "finalSnapshotIdentifier" not in work.inputs:
            raise ValueError(
                "'finalSnapshotIdentifier' is required when 'skipFinalSnapshot' is false. Set one of them."
            )
        arguments["FinalDBSnapshotIdentifier"] = work.inputs["finalSnapshotIdentifier"]
    work.api.delete_db_instance(
        DBInstanceIdentifier=work.inputs["identifier"],
        DeleteAutomatedBackups=work.inputs["deleteAutomatedBackups"],
        **arguments,
    )


def create_instance(work: Work) -> Any:
    """A new one, or one with a snapshot's data, which then gets what a restoration does not take."""
    if "snapshotIdentifier" not in work.inputs:
        return work.do(CREATE, work.inputs)
    made = work.do(RESTORE, work.inputs)
    work.wait(lambda: None if (status := status_of(work)) == "available" else f"restoring: {status}")
    work.do(MODIFY, {key: value for key, value in work.inputs.items() if key in words(CHANGEABLE)})
    return made


def status_of(work: Work) -> str:
    """The instance's, as RDS says."""
    shown = work.api.describe_db_instances(DBInstanceIdentifier=work.inputs["identifier"])
    return str(shown["DBInstances"][0]["DBInstanceStatus"])


FIXED = (
    "identifier engine dbName username storageEncrypted kmsKeyId availabilityZone characterSetName timezone "
    "snapshotIdentifier"
)
CHANGEABLE = (
    "allocatedStorage autoMinorVersionUpgrade backupRetentionPeriod backupWindow caCertIdentifier "
    "copyTagsToSnapshot databaseInsightsMode dbSubnetGroupName deletionProtection engineVersion "
    "iamDatabaseAuthenticationEnabled instanceClass iops maintenanceWindow maxAllocatedStorage "
    "monitoringInterval monitoringRoleArn multiAz optionGroupName parameterGroupName password "
    "performanceInsightsEnabled performanceInsightsKmsKeyId performanceInsightsRetentionPeriod "
    "publiclyAccessible storageThroughput storageType vpcSecurityGroupIds"
)
RESTORED = (
    "identifier snapshotIdentifier engine port instanceClass dbSubnetGroupName vpcSecurityGroupIds multiAz "
    "parameterGroupName publiclyAccessible autoMinorVersionUpgrade copyTagsToSnapshot deletionProtection "
    "enabledCloudwatchLogsExports iamDatabaseAuthenticationEnabled storageType tags"
)
"""What RestoreDBInstanceFromDBSnapshot takes. The database's name and admin are the snapshot's."""
INSTANCE: dict[str, Any] = {"DBInstanceIdentifier": "{identifier}", "ApplyImmediately": "{applyImmediately}"}

CREATE = call("create_db_instance")
RESTORE = call("restore_db_instance_from_db_snapshot", inputs=RESTORED)
MODIFY = call(
    "modify_db_instance",
    **INSTANCE,
    inputs=CHANGEABLE,
    AllowMajorVersionUpgrade="{allowMajorVersionUpgrade}",
)

RESOURCES = [
    Resource(
        type="aws:rds/subnetGroup:SubnetGroup",
        service="rds",
        create=call("create_db_subnet_group"),
        id="DBSubnetGroup.DBSubnetGroupName",
        read=(call("describe_db_subnet_groups", "DBSubnetGroups[0]", DBSubnetGroupName="{id}"),),
        update=(call("modify_db_subnet_group", whole=True, inputs="description subnetIds name"),),
        delete=call("delete_db_subnet_group", DBSubnetGroupName="{id}"),
        fixed="name",
        names={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        state={"arn": "DBSubnetGroupArn", "subnetIds": "Subnets[].SubnetIdentifier"},
        outputs="arn vpcId",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("subgrp"),
    ),
    Resource(
        type="aws:rds/parameterGroup:ParameterGroup",
        service="rds",
        create=call("create_db_parameter_group", inputs="name family description tags"),
        id="DBParameterGroup.DBParameterGroupName",
        read=(
            call("describe_db_parameter_groups", "DBParameterGroups[0]", DBParameterGroupName="{id}"),
            SeveralCalls(run=read_parameters),
        ),
        update=(SeveralCalls(run=change_parameters, inputs="parameters"),),
        delete=call("delete_db_parameter_group", DBParameterGroupName="{id}"),
        fixed="name family description",
        names={"name": "DBParameterGroupName", "family": "DBParameterGroupFamily"},
        state={"arn": "DBParameterGroupArn"},
        outputs="arn",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("pg"),
    ),
    Resource(
        type="aws:rds/instance:Instance",
        service="rds",
        create=SeveralCalls(
            run=create_instance,
            inputs=f"{FIXED} {CHANGEABLE} port enabledCloudwatchLogsExports tags",
        ),
        id="DBInstance.DbiResourceId",
        read=(call("describe_db_instances", "DBInstances[0]", DBInstanceIdentifier="{identifier}"),),
        update=(
            MODIFY,
            call("modify_db_instance", **INSTANCE, inputs="", DBPortNumber="{port}"),
            SeveralCalls(run=change_logs, inputs="enabledCloudwatchLogsExports"),
        ),
        delete=SeveralCalls(run=delete_instance),
        fixed=FIXED,
        local="applyImmediately allowMajorVersionUpgrade skipFinalSnapshot finalSnapshotIdentifier "
        "deleteAutomatedBackups",
        names={
            "identifier": "DBInstanceIdentifier",
            "snapshotIdentifier": "DBSnapshotIdentifier",
            "instanceClass": "DBInstanceClass",
            "username": "MasterUsername",
            "password": "MasterUserPassword",
            "parameterGroupName": "DBParameterGroupName",
            "backupWindow": "PreferredBackupWindow",
            "maintenanceWindow": "PreferredMaintenanceWindow",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "caCertIdentifier": "CACertificateIdentifier",
        },
        state={
            "arn": "DBInstanceArn",
            "address": "Endpoint.Address",
            "port": "Endpoint.Port",
            "endpoint": "join(':', [Endpoint.Address, to_string(Endpoint.Port)])",
            "hostedZoneId": "Endpoint.HostedZoneId",
            "resourceId": "DbiResourceId",
            "status": "DBInstanceStatus",
            "engineVersionActual": "EngineVersion",
            # `15` means whichever minor version it is at.
            "engineVersion": "starts_with(EngineVersion, Inputs.engineVersion) && Inputs.engineVersion || "
            "EngineVersion",
            "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
            "parameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
            "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
            "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
            "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
            "performanceInsightsEnabled": "PerformanceInsightsEnabled",
        },
        outputs="arn address endpoint port hostedZoneId resourceId status engineVersionActual "
        "availabilityZone",
        defaults={
            "applyImmediately": False,
            "skipFinalSnapshot": False,
            "deleteAutomatedBackups": True,
            "copyTagsToSnapshot": False,
            "monitoringInterval": 0,
            "publiclyAccessible": False,
        },
        name=AutoName(property="identifier", longest=63, lower=True),
        tags=tags("db", "{identifier}"),
        ready=Ready(
            when="contains(['available', 'storage-optimization'], DBInstanceStatus)",
            failed="contains(['failed', 'incompatible-parameters', 'incompatible-network', "
            "'incompatible-restore', "
            "'incompatible-option-group', 'storage-full', 'inaccessible-encryption-credentials'], "
            "DBInstanceStatus)",
            says="DBInstanceStatus",
        ),
        lasting_delete=True,
        timeout=2400,
    ),
    Resource(
        type="aws:rds/eventSubscription:EventSubscription",
        service="rds",
        create=call("create_event_subscription"),
        id="EventSubscription.CustSubscriptionId",
        read=(call("describe_event_subscriptions", "EventSubscriptionsList[0]", SubscriptionName="{id}"),),
        update=(
            call(
                "modify_event_subscription",
                SubscriptionName="{id}",
                inputs="enabled eventCategories snsTopic sourceType",
                whole=True,
            ),
        ),
        delete=call("delete_event_subscription", SubscriptionName="{id}"),
        fixed="name",
        names={"name": "SubscriptionName", "snsTopic": "SnsTopicArn"},
        state={
            "arn": "EventSubscriptionArn",
            "name": "CustSubscriptionId",
            "eventCategories": "EventCategoriesList",
            "sourceIds": "SourceIdsList",
        },
        outputs="arn customerAwsId",
        defaults={"enabled": True},
        name=AutoName(),
        tags=tags("es"),
        ready=Ready(
            when="Status=='active'",
            failed="contains(['no-permission', 'topic-not-exist'], Status)",
            says="Status",
        ),
        lasting_delete=True,
    ),
]
