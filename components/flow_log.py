"""Who talked to whom in the VPC (EC2.6)."""

from dataclasses import dataclass
from typing import Literal

import pulumi
import pulumi_aws as aws

from components.common import Common
from components.iam import assumed_by, document
from components.naming import named


@dataclass(frozen=True, kw_only=True, slots=True)
class FlowLogArgs:
    """What is logged, and how long it is kept."""

    vpc_id: pulumi.Input[str]
    traffic: Literal["rejected", "all"]
    common: Common


class FlowLog(pulumi.ComponentResource):
    """A VPC's traffic, in an encrypted log group.

    Makes: `aws.cloudwatch.LogGroup`, `aws.iam.Role`, `RolePolicy`, `aws.ec2.FlowLog`.
    """

    def __init__(self, name: str, args: FlowLogArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("evenkeel:index:FlowLog", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = aws.cloudwatch.LogGroup(
            name,
            retention_in_days=args.common.log_retention_days,
            kms_key_id=args.common.kms_key_arn,
            opts=child,
        )
        trust = assumed_by("vpc-flow-logs.amazonaws.com", args.common.account_id)
        role = aws.iam.Role(name, assume_role_policy=trust, opts=child)
        write = {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": pulumi.Output.concat(group.arn, ":*"),
        }
        aws.iam.RolePolicy(
            f"{name}-write",
            role=role.name,
            policy=pulumi.Output.json_dumps(document(write)),
            opts=child,
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL" if args.traffic == "all" else "REJECT",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags=named(name),
            opts=child,
        )
        self.register_outputs({})
