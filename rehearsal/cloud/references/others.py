"""IAM, ECS and Route 53.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html,
https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
"""

import json

from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.judge import Refusal
from rehearsal.cloud.references.reference import Check, standing, subnets

_ROLE_POLICIES = 10240
"""Characters of all inline policies of a role, without white space.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


def _put_role_policy(call: JudgedCall) -> Refusal | None:
    name, document = call.members.get("PolicyName"), call.members.get("PolicyDocument", "")
    for role in list(standing("iam", call).roles.values()):
        if role.name == call.members.get("RoleName"):
            texts = [*(text for other, text in list(role.policies.items()) if other != name), document]
            if sum(len("".join(text.split())) for text in map(_text, texts)) > _ROLE_POLICIES:
                return Refusal(
                    code="LimitExceeded",
                    message=f"Maximum policy size of {_ROLE_POLICIES} bytes exceeded for role {role.name}",
                )
    return None


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _run_task(call: JudgedCall) -> Refusal | None:
    network = (call.members.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if absent := set(network.get("subnets") or []) - subnets(call).keys():
        return Refusal(
            code="InvalidParameterException",
            message=f"Error retrieving subnet information for [{min(absent)}]: The subnet ID '{min(absent)}'"
            " does not exist (ErrorCode: InvalidSubnetID.NotFound)",
        )
    return None


def _change_records(call: JudgedCall) -> Refusal | None:
    zone = standing("route53", call).zones.get(call.members.get("HostedZoneId"))
    known = {(record.name.rstrip("."), record.type) for record in (zone.rrsets if zone else [])}
    for change in (call.members.get("ChangeBatch") or {}).get("Changes") or []:
        record = change.get("ResourceRecordSet") or {}
        name, type = str(record.get("Name")).rstrip("."), record.get("Type")
        if zone and change.get("Action") == "DELETE" and (name, type) not in known:
            return Refusal(
                code="InvalidChangeBatch",
                message=f"Tried to delete resource record set [name='{name}.', type='{type}'] but it was not"
                " found",
            )
    return None


OTHERS: dict[tuple[str, str], Check] = {
    ("iam", "PutRolePolicy"): _put_role_policy,
    ("ecs", "RunTask"): _run_task,
    ("route53", "ChangeResourceRecordSets"): _change_records,
}
