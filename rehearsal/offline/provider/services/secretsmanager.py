"""Secrets Manager: secrets and their versions."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import AutoName, Resource, SeveralCalls, Tags, Work


def delete_secret(work: Work) -> None:
    """Recoverable for a while, unless the window is 0 days."""
    days = work.inputs["recoveryWindowInDays"]
    if days:
        work.api.delete_secret(SecretId=work.id, RecoveryWindowInDays=days)
    else:
        work.api.delete_secret(SecretId=work.id, ForceDeleteWithoutRecovery=True)


RESOURCES = [
    Resource(
        type="aws:secretsmanager/secret:Secret",
        service="secretsmanager",
        create=call("create_secret"),
        id="ARN",
        read=(call("describe_secret", "[@][?!DeletedDate] | [0]", SecretId="{id}"),),
        update=(call("update_secret", inputs="description kmsKeyId", SecretId="{id}"),),
        delete=SeveralCalls(run=delete_secret),
        fixed="name",
        local="recoveryWindowInDays",
        outputs="arn",
        defaults={"recoveryWindowInDays": 30},
        name=AutoName(longest=512),
        tags=Tags(
            add=call("tag_resource", SecretId="{id}", Tags="{tags}"),
            remove=call("untag_resource", SecretId="{id}", TagKeys="{keys}"),
        ),
    ),
    Resource(
        type="aws:secretsmanager/secretVersion:SecretVersion",
        service="secretsmanager",
        create=call("put_secret_value"),
        id="join('|', [ARN, VersionId])",
        read=(call("get_secret_value", SecretId="{secretId}", VersionId="{VersionId || versionId}"),),
        # The current version can't be deleted; it goes with its secret.
        delete=None,
        fixed="secretId secretString secretBinary versionStages",
        state={"secretId": "ARN", "secretArn": "ARN"},
        outputs="arn versionId versionStages secretArn",
    ),
]
