"""DynamoDB: tables."""

from typing import Any

from rehearsal.offline.provider.call import ApiCall, call
from rehearsal.offline.provider.resource import AutoName, Ready, Resource, SeveralCalls, Tags, Work

CREATED = "name attributes billingMode readCapacity writeCapacity deletionProtectionEnabled tableClass"


def create(work: Work) -> Any:
    """The keys are inputs of their own, and one list of the API."""
    keys = [("hashKey", "HASH"), ("rangeKey", "RANGE")]
    schema = [
        {"AttributeName": work.inputs[name], "KeyType": kind} for name, kind in keys if work.inputs.get(name)
    ]
    return work.do(
        ApiCall(
            operation="create_table",
            params={"KeySchema": schema},
            inside="ProvisionedThroughput",
            inputs=CREATED,
        ),
        work.inputs,
    )


RESOURCES = [
    Resource(
        type="aws:dynamodb/table:Table",
        service="dynamodb",
        create=SeveralCalls(run=create, inputs=f"{CREATED} hashKey rangeKey"),
        id="name",
        read=(
            call("describe_table", "Table", TableName="{id}"),
            call("describe_time_to_live", "{TimeToLiveDescription: TimeToLiveDescription}", TableName="{id}"),
            call(
                "describe_continuous_backups",
                "{Backups: ContinuousBackupsDescription.PointInTimeRecoveryDescription}",
                TableName="{id}",
            ),
        ),
        update=(
            call(
                "update_table",
                TableName="{id}",
                inputs="billingMode readCapacity writeCapacity deletionProtectionEnabled tableClass",
                inside="ProvisionedThroughput",
            ),
            call(
                "update_time_to_live",
                TableName="{id}",
                TimeToLiveSpecification={
                    "AttributeName": "{ttl.attributeName}",
                    "Enabled": "{ttl.enabled}",
                },
            ),
            call(
                "update_continuous_backups",
                TableName="{id}",
                PointInTimeRecoverySpecification={
                    "PointInTimeRecoveryEnabled": "{pointInTimeRecovery.enabled}"
                },
            ),
        ),
        delete=call("delete_table", TableName="{id}"),
        fixed="name attributes hashKey rangeKey",
        names={
            "name": "TableName",
            "attributes": "AttributeDefinitions",
            "attributes.name": "AttributeName",
            "attributes.type": "AttributeType",
        },
        state={
            "arn": "TableArn",
            "name": "TableName",
            "attributes": "AttributeDefinitions[].{name: AttributeName, type: AttributeType}",
            "hashKey": "KeySchema[?KeyType=='HASH'].AttributeName | [0]",
            "rangeKey": "KeySchema[?KeyType=='RANGE'].AttributeName | [0]",
            "billingMode": "BillingModeSummary.BillingMode || 'PROVISIONED'",
            "readCapacity": "ProvisionedThroughput.ReadCapacityUnits",
            "writeCapacity": "ProvisionedThroughput.WriteCapacityUnits",
            "tableClass": "TableClassSummary.TableClass",
            "ttl": "{attributeName: TimeToLiveDescription.AttributeName,"
            " enabled: TimeToLiveDescription.TimeToLiveStatus=='ENABLED'}",
            "pointInTimeRecovery": "{enabled: Backups.PointInTimeRecoveryStatus=='ENABLED'}",
        },
        outputs="arn",
        defaults={"billingMode": "PROVISIONED"},
        name=AutoName(longest=255),
        ready=Ready(when="TableStatus=='ACTIVE'", says="TableStatus"),
        lasting_delete=True,
        tags=Tags(
            add=call(
                "tag_resource",
                ResourceArn="arn:{partition}:dynamodb:{region}:{account}:table/{id}",
                Tags="{tags}",
            ),
            remove=call(
                "untag_resource",
                ResourceArn="arn:{partition}:dynamodb:{region}:{account}:table/{id}",
                TagKeys="{keys}",
            ),
            read=call(
                "list_tags_of_resource",
                "Tags",
                ResourceArn="arn:{partition}:dynamodb:{region}:{account}:table/{id}",
            ),
        ),
    ),
]
