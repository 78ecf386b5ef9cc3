"""Who may assume a role."""

from typing import Any

import pulumi


def assumed_by(service: str, account_id: pulumi.Input[str] | None = None) -> pulumi.Output[str]:
    """A trust policy for an AWS service.

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
    return pulumi.Output.json_dumps({"Version": "2012-10-17", "Statement": [statement]})
