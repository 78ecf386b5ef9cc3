"""The stack's own key, for logs, alarms and objects."""

from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.iam import document
from components.protection import protection

DELETION_WINDOW_DAYS = 30
"""The longest that KMS has: so long a deletion can be cancelled, and after it nothing can be read again."""
PROTECTING = "database.deletion_protection, redis.deletion_protection or buckets.force_destroy"
"""The settings that protect what the key encrypts, and with it the key."""
CALLERS = ("cloudwatch.amazonaws.com", "events.rds.amazonaws.com")
"""Services that publish to the encrypted topic."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EncryptionKeyArgs:
    """Whose key it is."""

    account_id: pulumi.Input[str]
    region: str
    protected: bool
    """Whether something that it encrypts is protected."""
    retained: bool
    """Whether the key outlives the stack: a snapshot that it encrypts can't be read without it."""


class EncryptionKey(pulumi.ComponentResource):
    """A customer-managed key that rotates every year (KMS.4).

    Makes: `aws.kms.Key`, `aws.kms.Alias`.
    """

    arn: pulumi.Output[str]

    def __init__(
        self, name: str, args: EncryptionKeyArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("evenkeel:index:EncryptionKey", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        key = aws.kms.Key(
            name,
            description=f"Logs, alarms and objects of {name}",
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=pulumi.Output.json_dumps(policy_document(args)),
            opts=pulumi.ResourceOptions.merge(
                protection(name, PROTECTING, args.protected),
                pulumi.ResourceOptions(parent=self, retain_on_delete=args.retained),
            ),
        )
        aws.kms.Alias(f"{name}-alias", name=f"alias/{name}", target_key_id=key.key_id, opts=child)
        self.arn = key.arn
        self.register_outputs({"arn": self.arn})


def policy_document(args: EncryptionKeyArgs) -> dict[str, Any]:
    """The account's own IAM policies decide; besides, the services that use the key in nobody's name."""
    logs = f"logs.{args.region}.amazonaws.com"
    log_groups = pulumi.Output.format("arn:aws:logs:{0}:{1}:log-group:*", args.region, args.account_id)
    encrypt = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:DescribeKey"]
    return document(
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": pulumi.Output.format("arn:aws:iam::{0}:root", args.account_id)},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": logs},
            "Action": encrypt,
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        },
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": list(CALLERS)},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:SourceAccount": args.account_id}},
        },
    )
