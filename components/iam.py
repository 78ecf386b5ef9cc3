"""IAM documents."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

Statement = Mapping[str, Any]


def document(*statements: Statement) -> dict[str, Any]:
    """A policy document; its values may be outputs."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, actions: Sequence[str], resource: Any) -> dict[str, Any]:
    """A statement of a policy document."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def assumed_by(service: str, account_id: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
    """A trust policy for an AWS service, as JSON.

    With `account_id` only on behalf of that account: without, another account could have the service act on
    this one's role. EC2 alone says for whom it asks by the instance profile.
    """
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if account_id is not None:
        statement["Condition"] = {"StringEquals": {"aws:SourceAccount": account_id}}
    return pulumi.Output.json_dumps(document(statement))
