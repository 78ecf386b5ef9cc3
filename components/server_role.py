"""What a server may do: boot, log, tell its group, be reached through SSM."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.iam import allow, assumed_by, document
from components.ordering import after

MANAGED_BY_SSM = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"


@dataclass(frozen=True, kw_only=True, slots=True)
class Permission:
    """What the app may do, on what: a statement of its servers' policy."""

    actions: Sequence[str]
    """Such as `s3:GetObject`."""
    resources: Sequence[pulumi.Input[str]]
    """ARNs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRecords:
    """The objects in which servers note who runs a job, and what encrypts them."""

    arn: pulumi.Input[str]
    kms_key_arn: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerRoleArgs:
    """The very things that a server touches."""

    auto_scaling_group_arn: pulumi.Input[str]
    releases_arn: pulumi.Input[str]
    """Objects of every release: a rollback boots an older one."""
    secret_arns: Sequence[pulumi.Input[str]]
    log_group_arn: pulumi.Input[str]
    kms_key_arns: Sequence[pulumi.Input[str]]
    """Of what is read, encrypted."""
    has_spot: bool
    """A Spot Instance that is taken back asks its group to terminate it."""
    records: JobRecords | None
    """None without jobs."""
    permissions: Sequence[Permission]
    """The app's own."""


class ServerRole(pulumi.ComponentResource):
    """The instance profile of the app servers.

    Makes, all of `aws.iam`: `Role`, `RolePolicyAttachment`, `RolePolicy`, `InstanceProfile`.
    """

    instance_profile_arn: pulumi.Output[str]
    """Known once the role has its policies: a server needs them from its first second."""

    def __init__(self, name: str, args: ServerRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:ServerRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(name, assume_role_policy=assumed_by("ec2.amazonaws.com"), opts=child)
        managed = aws.iam.RolePolicyAttachment(
            f"{name}-ssm", role=role.name, policy_arn=MANAGED_BY_SSM, opts=child
        )
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(policy_document(args)),
            opts=child,
        )
        profile = aws.iam.InstanceProfile(name, role=role.name, opts=child)
        self.instance_profile_arn = after(profile.arn, managed.id, policy.id)
        self.register_outputs({"instance_profile_arn": self.instance_profile_arn})


def policy_document(args: ServerRoleArgs) -> dict[str, Any]:
    """A statement for each step of the boot script and of leaving, then the app's own."""
    tell_group = ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"]
    if args.has_spot:
        tell_group.append("autoscaling:TerminateInstanceInAutoScalingGroup")
    return document(
        allow("FetchRelease", ["s3:GetObject"], args.releases_arn),
        allow("ReadSecrets", ["secretsmanager:GetSecretValue"], list(args.secret_arns)),
        # It takes no resource, and gives only what the statement before it allows.
        allow("ReadSecretsAtOnce", ["secretsmanager:BatchGetSecretValue"], "*"),
        allow("Decrypt", ["kms:Decrypt"], list(args.kms_key_arns)),
        allow(
            "Log",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            pulumi.Output.concat(args.log_group_arn, ":*"),
        ),
        allow("TellGroup", tell_group, args.auto_scaling_group_arn),
        *take_runs(args.records),
        *(
            allow(f"App{number}", list(permission.actions), list(permission.resources))
            for number, permission in enumerate(args.permissions)
        ),
    )


def take_runs(records: JobRecords | None) -> list[dict[str, Any]]:
    """What it takes to agree with other servers on who runs a job: to read a record and to replace it."""
    if records is None:
        return []
    return [
        allow("TakeRuns", ["s3:GetObject", "s3:PutObject"], records.arn),
        allow("EncryptRecords", ["kms:GenerateDataKey"], records.kms_key_arn),
    ]
