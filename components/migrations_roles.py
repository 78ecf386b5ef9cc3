"""What the migrations task may do, and what ECS may do to start it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.common import Common
from components.iam import allow, assumed_by, document
from components.ordering import after


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationsRolesArgs:
    """The very things that are touched."""

    bundles_arn: pulumi.Input[str]
    """Objects of the bundles."""
    secret_arns: Sequence[pulumi.Input[str]]
    secret_key_arns: Sequence[str]
    """That encrypt them, besides the stack's."""
    log_group_arn: pulumi.Input[str]
    common: Common


class MigrationsRoles(pulumi.ComponentResource):
    """The execution role hands over secrets and keeps the log; the task's own fetches the bundle, no more.

    Makes, all of `aws.iam`: two `Role`s, each with a `RolePolicy`.
    """

    execution_role_arn: pulumi.Output[str]
    task_role_arn: pulumi.Output[str]
    """Both known once they have their policies."""

    def __init__(
        self, name: str, args: MigrationsRolesArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("evenkeel:index:MigrationsRoles", name, None, opts)
        self._child = pulumi.ResourceOptions(parent=self)
        self._trust = assumed_by("ecs-tasks.amazonaws.com", args.common.account_id)
        stacks_key = args.common.kms_key_arn
        secret_keys = [stacks_key, *args.secret_key_arns] if args.secret_key_arns else stacks_key
        self.execution_role_arn = self._role(
            f"{name}-execution",
            [
                allow("ReadSecrets", ["secretsmanager:GetSecretValue"], list(args.secret_arns)),
                allow("Decrypt", ["kms:Decrypt"], secret_keys),
                allow(
                    "Log",
                    ["logs:CreateLogStream", "logs:PutLogEvents"],
                    pulumi.Output.concat(args.log_group_arn, ":*"),
                ),
            ],
        )
        self.task_role_arn = self._role(
            f"{name}-task",
            [
                allow("FetchBundle", ["s3:GetObject"], args.bundles_arn),
                allow("Decrypt", ["kms:Decrypt"], stacks_key),
            ],
        )
        self.register_outputs(
            {"execution_role_arn": self.execution_role_arn, "task_role_arn": self.task_role_arn}
        )

    def _role(self, name: str, statements: list[dict[str, Any]]) -> pulumi.Output[str]:
        role = aws.iam.Role(name, assume_role_policy=self._trust, opts=self._child)
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(document(*statements)),
            opts=self._child,
        )
        return after(role.arn, policy.id)
