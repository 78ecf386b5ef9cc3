"""RDS: instances, and the groups they are in."""

from typing import Any

from rehearsal.provider.resource import AutoName, Ready, Resource, Step, call
from rehearsal.provider.tags import by_arn
from rehearsal.provider.work import Work

PARAMETERS_A_CALL = 20
"""ModifyDBParameterGroup and ResetDBParameterGroup take no more."""


def tags(kind: str, name: str) -> Any:
    """Tags of a resource whose ARN ends in `KIND:NAME`."""
    return by_arn(f"arn:{{partition}}:rds:{{region}}:{{account}}:{kind}:{name}", shown_as="TagList")


def apply_parameters(work: Work) -> None:
    """Sets what is new or different, resets what is left out."""
    old = {each["name"]: each for each in work.old.get("parameters", [])}
    new = {each["name"]: each for each in work.inputs.get("parameters", [])}
    change(work, "modify_db_parameter_group", [new[name] for name in new if old.get(name) != new[name]])
    change(work, "reset_db_parameter_group", [old[name] for name in old if name not in new])


def change(work: Work, operation: str, parameters: list[dict[str, Any]]) -> None:
    """One call a chunk."""
    wanted = [
        {
            "ParameterName": each["name"],
            "ParameterValue": each["value"],
            "ApplyMethod": each.get("applyMethod", "immediate"),
        }
        for each in parameters
    ]
    for at in range(0, len(wanted), PARAMETERS_A_CALL):
        getattr(work.api, operation)(
            DBParameterGroupName=work.id, Parameters=wanted[at : at + PARAMETERS_A_CALL]
        )


def change_log_exports(work: Work) -> None:
    """Which logs go to CloudWatch."""
    old = set(work.old.get("enabledCloudwatchLogsExports", []))
    new = set(work.inputs.get("enabledCloudwatchLogsExports", []))
    work.api.modify_db_instance(
        DBInstanceIdentifier=work.inputs["identifier"],
        CloudwatchLogsExportConfiguration={
            "EnableLogTypes": sorted(new - old),
            "DisableLogTypes": sorted(old - new),
        },
    )


def delete_instance(work: Work) -> None:
    """With a final snapshot, unless the program skips it."""
    inputs = work.inputs
    skip = inputs.get("skipFinalSnapshot", False)
    final = {} if skip else {"FinalDBSnapshotIdentifier": inputs["finalSnapshotIdentifier"]}
    work.api.delete_db_instance(
        DBInstanceIdentifier=inputs["identifier"],
        SkipFinalSnapshot=skip,
        DeleteAutomatedBackups=inputs.get("deleteAutomatedBackups", True),
        **final,
    )


RESOURCES = [
    Resource(
        type="aws:rds/subnetGroup:SubnetGroup",
        service="rds",
        create=call("create_db_subnet_group"),
        id="DBSubnetGroup.DBSubnetGroupName",
        read=(call("describe_db_subnet_groups", "DBSubnetGroups[0]", DBSubnetGroupName="{id}"),),
        update=(
            call(
                "modify_db_subnet_group", whole=True, inputs="description subnetIds", DBSubnetGroupName="{id}"
            ),
        ),
        delete=call("delete_db_subnet_group", DBSubnetGroupName="{id}"),
        fixed="name",
        names={"name": "DBSubnetGroupName", "description": "DBSubnetGroupDescription"},
        state={"subnetIds": "Subnets[].SubnetIdentifier", "arn": "DBSubnetGroupArn"},
        outputs="arn vpcId",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("subgrp", "{id}"),
    ),
    Resource(
        type="aws:rds/parameterGroup:ParameterGroup",
        service="rds",
        create=call("create_db_parameter_group"),
        id="DBParameterGroup.DBParameterGroupName",
        read=(
            call("describe_db_parameter_groups", "DBParameterGroups[0]", DBParameterGroupName="{id}"),
            call(
                "describe_db_parameters",
                "{Parameters: Parameters}",
                DBParameterGroupName="{id}",
                Source="user",
            ),
        ),
        update=(Step(run=apply_parameters, inputs="parameters"),),
        delete=call("delete_db_parameter_group", DBParameterGroupName="{id}"),
        fixed="name family description",
        names={
            "name": "DBParameterGroupName",
            "family": "DBParameterGroupFamily",
            "parameters.name": "ParameterName",
            "parameters.value": "ParameterValue",
        },
        state={"arn": "DBParameterGroupArn"},
        outputs="arn",
        defaults={"description": "Managed by Pulumi"},
        name=AutoName(lower=True),
        tags=tags("pg", "{id}"),
    ),
    Resource(
        type="aws:rds/instance:Instance",
        service="rds",
        create=call("create_db_instance"),
        id="DBInstance.DbiResourceId",
        read=(call("describe_db_instances", "DBInstances[0]", DBInstanceIdentifier="{identifier}"),),
        update=(
            call(
                "modify_db_instance",
                inputs="engineVersion autoMinorVersionUpgrade instanceClass storageType allocatedStorage maxAllocatedStorage "
                "multiAz dbSubnetGroupName vpcSecurityGroupIds publiclyAccessible password iamDatabaseAuthenticationEnabled "
                "parameterGroupName backupRetentionPeriod copyTagsToSnapshot deletionProtection performanceInsightsEnabled "
                "performanceInsightsKmsKeyId monitoringInterval monitoringRoleArn",
                DBInstanceIdentifier="{identifier}",
                ApplyImmediately="{applyImmediately}",
            ),
            call(
                "modify_db_instance",
                inputs="port",
                DBInstanceIdentifier="{identifier}",
                DBPortNumber="{port}",
                ApplyImmediately="{applyImmediately}",
            ),
            Step(run=change_log_exports, inputs="enabledCloudwatchLogsExports"),
        ),
        delete=Step(run=delete_instance, inputs=""),
        fixed="identifier engine dbName username storageEncrypted kmsKeyId",
        local="applyImmediately skipFinalSnapshot finalSnapshotIdentifier deleteAutomatedBackups",
        names={
            "identifier": "DBInstanceIdentifier",
            "instanceClass": "DBInstanceClass",
            "username": "MasterUsername",
            "password": "MasterUserPassword",
            "parameterGroupName": "DBParameterGroupName",
            "iamDatabaseAuthenticationEnabled": "EnableIAMDatabaseAuthentication",
            "performanceInsightsEnabled": "EnablePerformanceInsights",
            "enabledCloudwatchLogsExports": "EnableCloudwatchLogsExports",
        },
        state={
            "arn": "DBInstanceArn",
            "address": "Endpoint.Address",
            "endpoint": "join(':', [Endpoint.Address, to_string(Endpoint.Port)])",
            "port": "Endpoint.Port",
            "hostedZoneId": "Endpoint.HostedZoneId",
            "resourceId": "DbiResourceId",
            "status": "DBInstanceStatus",
            "engineVersionActual": "EngineVersion",
            # A program that says 15 means any 15.
            "engineVersion": "Inputs.engineVersion && starts_with(EngineVersion, Inputs.engineVersion) "
            "&& Inputs.engineVersion || EngineVersion",
            "dbSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
            "vpcSecurityGroupIds": "VpcSecurityGroups[].VpcSecurityGroupId",
            "parameterGroupName": "DBParameterGroups[0].DBParameterGroupName",
            "iamDatabaseAuthenticationEnabled": "IAMDatabaseAuthenticationEnabled",
            "performanceInsightsEnabled": "PerformanceInsightsEnabled",
            "enabledCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
        },
        outputs="arn address endpoint hostedZoneId resourceId status engineVersionActual",
        tags=tags("db", "{identifier}"),
        ready=Ready(
            when="DBInstanceStatus == 'available'",
            says="DBInstanceStatus",
            failed="DBInstanceStatus == 'failed'",
        ),
        lasting_delete=True,
        timeout=3600,
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
                whole=True,
                inputs="snsTopic sourceType eventCategories",
                SubscriptionName="{id}",
            ),
        ),
        delete=call("delete_event_subscription", SubscriptionName="{id}"),
        fixed="name",
        names={"name": "SubscriptionName", "snsTopic": "SnsTopicArn"},
        state={
            "arn": "EventSubscriptionArn",
            "name": "CustSubscriptionId",
            "eventCategories": "EventCategoriesList",
        },
        outputs="arn",
        name=AutoName(),
        tags=tags("es", "{id}"),
    ),
]
