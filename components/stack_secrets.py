"""The secrets that a stack has of its own: what the kit makes, and what the stack's settings bring."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.app import AppSettings
from components.common import Common
from components.rollout.smoke import SmokeSettings
from components.secrets import Secret, SecretArgs, password

CHECK_TOKEN = "CHECK_TOKEN"
"""The app's variable that tells it which requests are the verified gate's checks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackSecretsArgs:
    """Which secrets a stack needs."""

    app: AppSettings
    smoke: SmokeSettings
    common: Common


@dataclass(frozen=True, kw_only=True, slots=True)
class StackSecrets:
    """All of them, each a `Secret`."""

    kit: Mapping[str, Secret]
    """Those that the kit makes for the app, by the app's variable."""
    own: Secret | None
    """The JSON of the app's own secrets, where its settings have any."""
    checks: Secret | None
    """The password of the verified gate's account, where a session is checked."""

    @classmethod
    def make(cls, name: str, args: StackSecretsArgs, opts: pulumi.ResourceOptions) -> "StackSecrets":
        """Makes a `Secret` for each, with the options."""

        def secret(suffix: str, description: str, value: pulumi.Input[str]) -> Secret:
            described = SecretArgs(description=description, value=value, common=args.common)
            return Secret(f"{name}-{suffix}", described, opts)

        kit = {"SESSION_SECRET": secret("session", "Signs session cookies", password(f"{name}-session"))}
        checks = own = None
        if args.smoke.session:
            checks = secret(
                "checks",
                "Password of the account that the verified gate logs in with",
                password(f"{name}-checks"),
            )
            kit[CHECK_TOKEN] = secret(
                "check-token",
                "Tells the app that a request is the verified gate's check",
                password(f"{name}-check-token"),
            )
        if args.app.own_secrets:
            own = secret(
                "app-secrets",
                "Secrets of the app: evenkeel:app.secrets",
                pulumi.Output.secret(args.app.secret_string),
            )
        return cls(kit=kit, own=own, checks=checks)

    @property
    def password_arn(self) -> pulumi.Output[str] | None:
        """Of the verified gate's account."""
        return self.checks.arn if self.checks else None

    @property
    def token_arn(self) -> pulumi.Output[str] | None:
        """Of the token by which the app knows the verified gate."""
        return self.kit[CHECK_TOKEN].arn if CHECK_TOKEN in self.kit else None
