"""SSM: parameters."""

from typing import Any

from rehearsal.offline.provider.call import ApiCall, call
from rehearsal.offline.provider.resource import Resource, SeveralCalls, Tags, Work

INPUTS = "name description type value insecureValue tier dataType keyId allowedPattern"


def create(work: Work) -> Any:
    """An existing parameter is only taken over where `overwrite` says so."""
    return put(work, overwrite=bool(work.inputs.get("overwrite")))


def change(work: Work) -> Any:
    """Writes every input again: SSM changes a parameter only as a whole."""
    return put(work, overwrite=True)


def put(work: Work, overwrite: bool) -> Any:
    """With `overwrite` an existing parameter is replaced, else SSM refuses it."""
    # Tags follow by a call of their own: SSM refuses them together with Overwrite.
    return work.do(
        ApiCall(operation="put_parameter", params={"Overwrite": overwrite}, inputs=INPUTS), work.inputs
    )


RESOURCES = [
    Resource(
        type="aws:ssm/parameter:Parameter",
        service="ssm",
        create=SeveralCalls(run=create, inputs=INPUTS),
        id="name",
        read=(
            call("get_parameter", "Parameter", Name="{id}", WithDecryption=True),
            call(
                "describe_parameters",
                "Parameters[0].{Description: Description, Tier: Tier, KeyId: KeyId, AllowedPattern: "
                "AllowedPattern}",
                ParameterFilters=[{"Key": "Name", "Values": ["{id}"]}],
            ),
        ),
        update=(SeveralCalls(run=change, inputs=INPUTS),),
        delete=call("delete_parameter", Name="{id}"),
        fixed="name dataType",
        local="overwrite",
        names={"insecureValue": "Value"},
        outputs="arn version",
        volatile="version",
        secrets="value",
        tags=Tags(
            add=call("add_tags_to_resource", ResourceType="Parameter", ResourceId="{id}", Tags="{tags}"),
            remove=call(
                "remove_tags_from_resource", ResourceType="Parameter", ResourceId="{id}", TagKeys="{keys}"
            ),
            read=call("list_tags_for_resource", "TagList", ResourceType="Parameter", ResourceId="{id}"),
        ),
    ),
]
