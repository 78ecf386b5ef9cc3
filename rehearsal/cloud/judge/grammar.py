"""The grammar of policy documents, by the schemas that the cfn-lint package carries.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from rehearsal.cloud.judge import schemas
from rehearsal.cloud.judge.call import JudgedCall
from rehearsal.cloud.judge.violation import Violation, ViolationKind

_DOCUMENTS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("iam", "CreateRole"): ("AssumeRolePolicyDocument", "policy_trust"),
    ("iam", "UpdateAssumeRolePolicy"): ("PolicyDocument", "policy_trust"),
    ("iam", "PutRolePolicy"): ("PolicyDocument", "policy_identity"),
    ("iam", "CreatePolicy"): ("PolicyDocument", "policy_identity"),
    ("kms", "PutKeyPolicy"): ("Policy", "policy_resource"),
    ("kms", "CreateKey"): ("Policy", "policy_resource"),
    ("s3", "PutBucketPolicy"): ("Policy", "policy_resource"),
}
"""The member that is a policy, and its kind."""


def violations(call: JudgedCall) -> Iterator[Violation]:
    """Everything in which the call's policy does not keep to the grammar."""
    member, kind = _DOCUMENTS.get((call.service, call.operation), ("", ""))
    text = call.members.get(member)
    if text is None:
        return
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        yield _violation(member, "This policy contains invalid Json")
        return
    for error in _validator(kind).iter_errors(document):
        yield _violation(member, f"{error.json_path}: {error.message}")


def _violation(member: str, constraint: str) -> Violation:
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html"
    return Violation(kind=ViolationKind.POLICY, path=(member,), constraint=constraint, source=source)


@cache
def _validator(kind: str) -> Any:
    return schemas.validator_of(f"other/iam/{kind}", beside="other/iam/policy")
