"""The app's secrets in Secrets Manager, and what a server is told of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.app import AppSettings
from components.secret_arn import SecretArn
from components.secrets import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretVariable:
    """A variable of the app whose value is in Secrets Manager."""

    name: str
    arn: pulumi.Input[str]
    version: pulumi.Input[str]
    """The version that is current at the deployment: another one replaces the servers."""
    json_key: str | None = None
    """Of the value in a JSON secret."""
    kms_key_arn: str | None = None
    """Where it is not the stack's key."""

    @property
    def line(self) -> pulumi.Output[str]:
        """What a server is told: name, ARN, version, and the key if there is one."""
        key = f" {self.json_key}" if self.json_key else ""
        return pulumi.Output.concat(self.name, " ", self.arn, " ", self.version, key)


@dataclass(frozen=True, kw_only=True, slots=True)
class AppSecrets:
    """All of them. Servers read each as it is when they boot, except the one that is pinned."""

    variables: Sequence[SecretVariable]
    pinned: pulumi.Input[str] = ""
    """ARN of the secret that is read in the version of the deployment; empty where there is none."""

    @property
    def arns(self) -> list[pulumi.Input[str]]:
        """Of each secret once."""
        return list(dict.fromkeys(variable.arn for variable in self.variables))

    @property
    def kms_key_arns(self) -> list[str]:
        """Keys other than the stack's."""
        return sorted({variable.kms_key_arn for variable in self.variables if variable.kms_key_arn})


def app_secrets(
    kit: Mapping[str, Secret], own: Secret | None, names: Iterable[str], existing: Iterable[SecretVariable]
) -> AppSecrets:
    """The kit's secrets by variable, the JSON secret that holds the stack's `names`, and those that exist.

    The stack's own is pinned: servers of the configuration before keep its values until they are replaced,
    so a wrong value never reaches them, and a rollback brings the old value back.
    """
    variables = [
        SecretVariable(name=name, arn=secret.arn, version=secret.version) for name, secret in kit.items()
    ]
    if own:
        variables += [
            SecretVariable(name=name, arn=own.arn, version=own.version, json_key=name) for name in names
        ]
    return AppSecrets(variables=[*variables, *existing], pinned=own.arn if own else "")


def existing_secrets(app: AppSettings, provider: aws.Provider) -> list[SecretVariable]:
    """Those of `app.secrets` that someone else keeps in Secrets Manager."""
    return [
        existing_secret(name, arn, provider)
        for name, secret in app.secrets.items()
        if isinstance(secret, str) and (arn := SecretArn.parse(secret))
    ]


def existing_secret(name: str, arn: SecretArn, provider: aws.Provider) -> SecretVariable:
    """A secret that someone else keeps, looked up without reading its value."""
    look_up = pulumi.InvokeOptions(provider=provider)
    versions = aws.secretsmanager.get_secret_versions(secret_id=arn.arn, opts=look_up).versions
    return SecretVariable(
        name=name,
        arn=arn.arn,
        version=next(one.version_id for one in versions if "AWSCURRENT" in one.version_stages),
        json_key=arn.json_key,
        kms_key_arn=key_of_existing(arn.arn, provider),
    )


def key_of_existing(arn: str, provider: aws.Provider) -> str | None:
    """ARN of the KMS key that encrypts a secret which someone else keeps; None where it is AWS's own."""
    look_up = pulumi.InvokeOptions(provider=provider)
    key = aws.secretsmanager.get_secret(arn=arn, opts=look_up).kms_key_id
    return aws.kms.get_key(key_id=key, opts=look_up).arn if key else None


def own_secret(name: str, version: aws.secretsmanager.SecretVersion) -> SecretVariable:
    """A secret that the program itself made, encrypted with the stack's key or AWS's own."""
    return SecretVariable(name=name, arn=version.arn, version=version.version_id)
