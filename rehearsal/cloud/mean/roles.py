"""How other services refuse a role or an instance profile that has not spread to them yet.

AWS documents that it may take seconds (IAM's user guide, "Changes that I make are not always immediately
visible"); the words are those for which the official provider waits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moto.ec2.models import ec2_backends

from rehearsal.cloud.body import every
from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.texts import texts


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleRefusal:
    """An error's code and message."""

    code: str
    message: str


_PRINCIPAL = "Policy contains a statement with one or more invalid principals."
REFUSALS: Mapping[tuple[str, str], RoleRefusal] = {
    ("autoscaling", "CreateAutoScalingGroup"): RoleRefusal(
        code="ValidationError",
        message="You must use a valid fully-formed launch template. Invalid IAM Instance Profile name",
    ),
    ("ec2", "CreateFlowLogs"): RoleRefusal(
        code="InvalidParameter", message="Unable to assume given IAM role"
    ),
    ("ecs", "RunTask"): RoleRefusal(
        code="ClientException",
        message="ECS was unable to assume the role that was provided for this task. Please verify that the"
        " role being passed has the proper trust relationship and permissions and that your IAM user has"
        " permissions to pass this role.",
    ),
    ("rds", "CreateDBInstance"): RoleRefusal(
        code="InvalidParameterValue",
        message="IAM role ARN value is invalid or does not include the required permissions for:"
        " ENHANCED_MONITORING",
    ),
    ("kms", "CreateKey"): RoleRefusal(code="MalformedPolicyDocumentException", message=_PRINCIPAL),
    ("kms", "PutKeyPolicy"): RoleRefusal(code="MalformedPolicyDocumentException", message=_PRINCIPAL),
    ("s3", "PutBucketPolicy"): RoleRefusal(code="MalformedPolicy", message="Invalid principal in policy"),
}

WITHOUT_SERVICE_ROLE: Mapping[tuple[str, str], RoleRefusal] = {
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
    ("ecs", "CreateCluster"): RoleRefusal(
        code="InvalidParameterException",
        message="Unable to assume the service linked role. Please verify that the ECS service linked role"
        " exists.",
    ),
}
"""How AWS refuses the first call in an account that makes it create a service-linked role."""


def named(call: JudgedCall) -> set[str]:
    """Names and ARNs of roles and instance profiles that the call leads to."""
    named_texts = set(texts(call.members))
    for policy in (text for text in named_texts.copy() if text.startswith("{")):
        try:
            named_texts |= set(texts(json.loads(policy)))
        except ValueError:
            continue
    if call.service == "autoscaling":
        named_texts |= {name for template in _templates(named_texts) for name in texts(_profile(template))}
    return named_texts


def _templates(ids: set[str]) -> list[Any]:
    return [
        template
        for backend in every(ec2_backends)
        for template in list(backend.launch_templates.values())
        if template.id in ids
    ]


def _profile(template: Any) -> Any:
    return [version.data.get("IamInstanceProfile") for version in list(template.versions)]
