"""What the components of one stack have in common."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.gates.aws_api import AwsApi


@dataclass(frozen=True, kw_only=True, slots=True)
class Common:
    """The account and region that a stack lives in, and how it encrypts and keeps things there."""

    api: AwsApi
    """How hooks reach AWS; its region is the stack's."""
    account_id: pulumi.Input[str]
    kms_key_arn: pulumi.Input[str]
    """Encrypts logs, alarms, secrets, stores and objects."""
    log_retention_days: int
    secret_recovery_days: int
    """How long a deleted secret can be had back: 7 to 30, or 0 to delete it at once."""
    tags: Mapping[str, str]
    """Of what the provider's default tags don't reach: instances and volumes."""

    @property
    def region(self) -> str:
        """Where the stack is."""
        return self.api.region
