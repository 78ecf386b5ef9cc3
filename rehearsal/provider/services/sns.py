"""SNS: topics and who hears of them."""

from rehearsal.provider.resource import AutoName, Resource, Tags, call

RESOURCES = [
    Resource(
        type="aws:sns/topic:Topic",
        service="sns",
        create=call("create_topic", Attributes={"KmsMasterKeyId": "{kmsMasterKeyId}"}),
        id="TopicArn",
        read=(call("get_topic_attributes", "Attributes", TopicArn="{id}"),),
        update=(
            call(
                "set_topic_attributes",
                TopicArn="{id}",
                AttributeName="KmsMasterKeyId",
                AttributeValue="{kmsMasterKeyId}",
            ),
        ),
        delete=call("delete_topic", TopicArn="{id}"),
        fixed="name",
        state={"arn": "TopicArn"},
        outputs="arn owner",
        name=AutoName(),
        tags=Tags(
            add=call("tag_resource", ResourceArn="{id}", Tags="{tags}"),
            remove=call("untag_resource", ResourceArn="{id}", TagKeys="{keys}"),
            read=call("list_tags_for_resource", "Tags", ResourceArn="{id}"),
        ),
    ),
    Resource(
        type="aws:sns/topicSubscription:TopicSubscription",
        service="sns",
        create=call("subscribe", TopicArn="{topic}", ReturnSubscriptionArn=True),
        id="SubscriptionArn",
        read=(call("get_subscription_attributes", "Attributes", SubscriptionArn="{id}"),),
        delete=call("unsubscribe", SubscriptionArn="{id}"),
        fixed="topic protocol endpoint",
        state={"arn": "SubscriptionArn", "topic": "TopicArn"},
        outputs="arn",
    ),
]
