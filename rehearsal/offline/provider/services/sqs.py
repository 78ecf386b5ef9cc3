"""SQS: queues."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, Tags

NUMBERS = {
    "delaySeconds": "DelaySeconds",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
SWITCHES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "fifoQueue": "FifoQueue",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
}
TEXTS = {
    "deduplicationScope": "DeduplicationScope",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
}
"""Inputs, and the attributes that the API keeps them as: texts, all of them."""

RESOURCES = [
    Resource(
        type="aws:sqs/queue:Queue",
        service="sqs",
        create=call("create_queue", QueueName="{name}"),
        id="QueueUrl",
        read=(call("get_queue_attributes", "Attributes", QueueUrl="{id}", AttributeNames=["All"]),),
        update=(call("set_queue_attributes", QueueUrl="{id}"),),
        delete=call("delete_queue", QueueUrl="{id}"),
        fixed="name fifoQueue",
        names={
            name: f"Attributes.{attribute}" for name, attribute in {**NUMBERS, **SWITCHES, **TEXTS}.items()
        },
        state={
            "arn": "QueueArn",
            "name": "Inputs.name",
            "url": "Id",
            **{name: f"to_number({attribute})" for name, attribute in NUMBERS.items()},
            **{name: f"{attribute}=='true'" for name, attribute in SWITCHES.items()},
            **TEXTS,
        },
        outputs="arn url",
        name=AutoName(longest=80),
        tags=Tags(
            add=call("tag_queue", QueueUrl="{id}", Tags="{tags}"),
            remove=call("untag_queue", QueueUrl="{id}", TagKeys="{keys}"),
            read=call("list_queue_tags", "Tags", QueueUrl="{id}"),
        ),
    ),
]
