"""Secrets: made by Pulumi, kept by Secrets Manager, read by servers and tasks."""

from dataclasses import dataclass
from typing import Annotated, Literal

import pulumi
import pulumi_aws as aws
import pulumi_random as random
from pydantic import Field

from components.common import Common
from components.ordering import after

PASSWORD_LENGTH = 40
"""Letters and digits: 238 bits that need no escaping in a URL; ElastiCache's AUTH takes 16 to 128."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretsSettings:
    """Passwords and tokens in Secrets Manager; the kit makes them."""

    recovery_days: Annotated[int, Field(ge=7, le=30)] | Literal[0] = 30
    """How long a deleted one can be had back: 7 to 30, or 0 to delete it at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretArgs:
    """What is kept, and how well."""

    description: str
    value: pulumi.Input[str]
    common: Common


class Secret(pulumi.ComponentResource):
    """A secret and its current value.

    Makes: `aws.secretsmanager.Secret` and `SecretVersion`. Its name ends at random: for as long as a deleted
    secret can be had back its name is taken.
    """

    arn: pulumi.Output[str]
    """Known when there is a value."""
    version: pulumi.Output[str]
    """The id of the current value; it says nothing about the value itself."""

    def __init__(self, name: str, args: SecretArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:Secret", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        secret = aws.secretsmanager.Secret(
            name,
            description=args.description,
            kms_key_id=args.common.kms_key_arn,
            recovery_window_in_days=args.common.secret_recovery_days,
            opts=child,
        )
        version = aws.secretsmanager.SecretVersion(
            f"{name}-version",
            secret_id=secret.id,
            secret_string=pulumi.Output.secret(args.value),
            opts=child,
        )
        self.arn = after(secret.arn, version.id)
        self.version = version.version_id
        self.register_outputs({"arn": self.arn, "version": self.version})


def password(name: str, opts: pulumi.ResourceOptions | None = None) -> pulumi.Output[str]:
    """A new password; makes a `random.RandomPassword`. Another `name` makes another."""
    return random.RandomPassword(name, length=PASSWORD_LENGTH, special=False, opts=opts).result
