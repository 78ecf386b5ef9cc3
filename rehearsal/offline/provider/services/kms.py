"""KMS: keys and their names."""

from rehearsal.offline.provider.call import call
from rehearsal.offline.provider.resource import Resource, SeveralCalls, Tags, Work


def rotate(work: Work) -> None:
    """Turns the yearly rotation on or off."""
    if work.inputs.get("enableKeyRotation"):
        work.api.enable_key_rotation(KeyId=work.id)
    else:
        work.api.disable_key_rotation(KeyId=work.id)


def enable(work: Work) -> None:
    """Turns the key on or off."""
    if work.inputs.get("isEnabled", True):
        work.api.enable_key(KeyId=work.id)
    else:
        work.api.disable_key(KeyId=work.id)


RESOURCES = [
    Resource(
        type="aws:kms/key:Key",
        service="kms",
        create=call("create_key"),
        id="KeyMetadata.KeyId",
        read=(
            call("describe_key", "[KeyMetadata][?KeyState!='PendingDeletion'] | [0]", KeyId="{id}"),
            call("get_key_policy", KeyId="{id}", PolicyName="default"),
            call("get_key_rotation_status", KeyId="{id}"),
        ),
        update=(
            SeveralCalls(run=rotate, inputs="enableKeyRotation"),
            SeveralCalls(run=enable, inputs="isEnabled"),
            call("update_key_description", inputs="description", KeyId="{id}"),
            call("put_key_policy", inputs="policy", KeyId="{id}", PolicyName="default"),
        ),
        delete=call("schedule_key_deletion", KeyId="{id}", PendingWindowInDays="{deletionWindowInDays}"),
        fixed="customerMasterKeySpec keyUsage multiRegion",
        local="deletionWindowInDays",
        state={"enableKeyRotation": "KeyRotationEnabled", "isEnabled": "Enabled"},
        outputs="arn keyId",
        defaults={"isEnabled": True},
        tags=Tags(
            add=call("tag_resource", KeyId="{id}", Tags="{tags}"),
            remove=call("untag_resource", KeyId="{id}", TagKeys="{keys}"),
            read=call("list_resource_tags", "Tags", KeyId="{id}"),
        ),
    ),
    Resource(
        type="aws:kms/alias:Alias",
        service="kms",
        create=call("create_alias"),
        id="name",
        read=(call("list_aliases", "Aliases[?AliasName=='$id'] | [0]", Limit=100),),
        update=(call("update_alias", inputs="targetKeyId", AliasName="{id}"),),
        delete=call("delete_alias", AliasName="{id}"),
        fixed="name",
        names={"name": "AliasName"},
        state={
            "arn": "AliasArn",
            "targetKeyArn": "join('', ['arn:', Partition, ':kms:', Region, ':', Account, ':key/', "
            "TargetKeyId])",
        },
        outputs="arn targetKeyArn",
    ),
]
