"""SNS: topics, and who is told."""

from rehearsal.offline.provider.call import ApiCall, call
from rehearsal.offline.provider.resource import AutoName, Resource, Tags

ATTRIBUTES = {
    "kmsMasterKeyId": "KmsMasterKeyId",
    "displayName": "DisplayName",
    "policy": "Policy",
    "deliveryPolicy": "DeliveryPolicy",
    "signatureVersion": "SignatureVersion",
}


def set_attribute(name: str) -> ApiCall:
    """A topic's attributes change one by one."""
    return call(
        "set_topic_attributes",
        TopicArn="{id}",
        AttributeName=ATTRIBUTES[name],
        AttributeValue=f"{{{name}}}",
        whole=True,
    )


RESOURCES = [
    Resource(
        type="aws:sns/topic:Topic",
        service="sns",
        create=call("create_topic"),
        id="TopicArn",
        read=(call("get_topic_attributes", "Attributes", TopicArn="{id}"),),
        update=tuple(set_attribute(name) for name in ATTRIBUTES),
        delete=call("delete_topic", TopicArn="{id}"),
        fixed="name",
        names={name: f"Attributes.{attribute}" for name, attribute in ATTRIBUTES.items()},
        state={"arn": "TopicArn", "name": "Inputs.name", **ATTRIBUTES},
        outputs="arn owner",
        name=AutoName(longest=256),
        tags=Tags(
            add=call("tag_resource", ResourceArn="{id}", Tags="{tags}"),
            remove=call("untag_resource", ResourceArn="{id}", TagKeys="{keys}"),
            read=call("list_tags_for_resource", "Tags", ResourceArn="{id}"),
        ),
    ),
    Resource(
        type="aws:sns/topicSubscription:TopicSubscription",
        service="sns",
        create=call("subscribe", inputs="protocol endpoint", TopicArn="{topic}", ReturnSubscriptionArn=True),
        id="SubscriptionArn",
        read=(call("get_subscription_attributes", "Attributes", SubscriptionArn="{id}"),),
        delete=call("unsubscribe", SubscriptionArn="{id}"),
        fixed="topic protocol endpoint",
        names={"topic": "TopicArn"},
        state={
            "arn": "SubscriptionArn",
            "ownerId": "Owner",
            "pendingConfirmation": "PendingConfirmation=='true'",
            "confirmationWasAuthenticated": "ConfirmationWasAuthenticated=='true'",
        },
        outputs="arn ownerId pendingConfirmation confirmationWasAuthenticated",
    ),
]
