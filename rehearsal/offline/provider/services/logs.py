"""CloudWatch Logs: log groups."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, SeveralCalls, Tags, Work

ARN = "arn:{partition}:logs:{region}:{account}:log-group:{id}"


def keep(work: Work) -> None:
    """How long lines are kept; 0 is for ever."""
    days = work.inputs.get("retentionInDays")
    if days:
        work.api.put_retention_policy(logGroupName=work.id, retentionInDays=days)
    else:
        work.api.delete_retention_policy(logGroupName=work.id)


def encrypt(work: Work) -> None:
    """Encrypts what comes from now on with another key, or with none of ours."""
    key = work.inputs.get("kmsKeyId")
    if key:
        work.api.associate_kms_key(logGroupName=work.id, kmsKeyId=key)
    else:
        work.api.disassociate_kms_key(logGroupName=work.id)


RESOURCES = [
    Resource(
        type="aws:cloudwatch/logGroup:LogGroup",
        service="logs",
        create=call("create_log_group"),
        id="name",
        read=(
            call("describe_log_groups", "logGroups[?logGroupName=='$id'] | [0]", logGroupNamePrefix="{id}"),
        ),
        update=(
            SeveralCalls(run=keep, inputs="retentionInDays"),
            SeveralCalls(run=encrypt, inputs="kmsKeyId"),
        ),
        delete=call("delete_log_group", logGroupName="{id}"),
        fixed="name logGroupClass",
        names={"name": "logGroupName"},
        # The API's own ends with :*, which the official provider takes off.
        state={"arn": "join('', ['arn:', Partition, ':logs:', Region, ':', Account, ':log-group:', Id])"},
        outputs="arn",
        defaults={"retentionInDays": 0},
        name=AutoName(longest=512),
        tags=Tags(
            add=call("tag_resource", resourceArn=ARN, tags="{tags}"),
            remove=call("untag_resource", resourceArn=ARN, tagKeys="{keys}"),
            read=call("list_tags_for_resource", "tags", resourceArn=ARN),
        ),
    ),
]
