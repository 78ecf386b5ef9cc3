"""What there is, some of which a server's role may use, and the calls that it may not make."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.running import RunningCloud

REGION, ACCOUNT = "eu-central-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/server"


def allow(actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleWorld:
    """What there is, some of which the role may use."""

    cloud: RunningCloud
    fleet: Fleet
    own_secret: str
    other_secret: str

    def as_role(self, service: str) -> Any:
        """A client with the role's credentials."""
        given = self.cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
        return boto3.client(
            service,
            endpoint_url=self.cloud.endpoint,
            region_name=REGION,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            config=Config(retries={"total_max_attempts": 1}),
        )


def complete(world: RoleWorld, group: str) -> None:
    world.as_role("autoscaling").complete_lifecycle_action(
        AutoScalingGroupName=group,
        LifecycleHookName="none",
        InstanceId="i-0123456789abcdef0",
        LifecycleActionResult="CONTINUE",
    )


def record_heartbeat(world: RoleWorld, group: str) -> None:
    world.as_role("autoscaling").record_lifecycle_action_heartbeat(
        AutoScalingGroupName=group, LifecycleHookName="none", InstanceId="i-0123456789abcdef0"
    )


REFUSED: dict[str, tuple[str, Callable[[RoleWorld], Any]]] = {
    "an object that is not there": (
        "AccessDenied",
        lambda world: world.as_role("s3").get_object(Bucket="held", Key="releases/none"),
    ),
    "another prefix": (
        "AccessDenied",
        lambda world: world.as_role("s3").get_object(Bucket="held", Key="migrations/one"),
    ),
    "an object under another key": (
        "AccessDenied",
        lambda world: world.as_role("s3").get_object(Bucket="held", Key="releases/alien"),
    ),
    "a write": (
        "AccessDenied",
        lambda world: world.as_role("s3").put_object(Bucket="held", Key="releases/one", Body=b""),
    ),
    "a copy": (
        "AccessDenied",
        lambda world: world.as_role("s3").copy_object(
            Bucket="held", Key="releases/two", CopySource={"Bucket": "held", "Key": "migrations/one"}
        ),
    ),
    "a list of objects": ("AccessDenied", lambda world: world.as_role("s3").list_objects_v2(Bucket="held")),
    "a list of buckets": ("AccessDenied", lambda world: world.as_role("s3").list_buckets()),
    "another secret": (
        "AccessDeniedException",
        lambda world: world.as_role("secretsmanager").get_secret_value(SecretId=world.other_secret),
    ),
    "another secret by its name": (
        "AccessDeniedException",
        lambda world: world.as_role("secretsmanager").get_secret_value(SecretId="other"),
    ),
    "a secret under another key": (
        "AccessDeniedException",
        lambda world: world.as_role("secretsmanager").get_secret_value(SecretId="alien"),
    ),
    "another log group": (
        "AccessDeniedException",
        lambda world: world.as_role("logs").create_log_stream(logGroupName="tasks", logStreamName="x"),
    ),
    "another group of servers": ("AccessDenied", lambda world: complete(world, "elsewhere")),
    "the heartbeat of another group": ("AccessDenied", lambda world: record_heartbeat(world, "elsewhere")),
    "SendCommand": (
        "AccessDeniedException",
        lambda world: world.as_role("ssm").send_command(
            DocumentName="AWS-RunShellScript", Parameters={"commands": ["id"]}, InstanceIds=["i-1" * 7]
        ),
    ),
    "RunInstances": (
        "UnauthorizedOperation",
        lambda world: world.as_role("ec2").run_instances(
            MinCount=1, MaxCount=1, LaunchTemplate={"LaunchTemplateId": world.fleet.template}
        ),
    ),
    "RunTask": (
        "AccessDeniedException",
        lambda world: world.as_role("ecs").run_task(taskDefinition="any", cluster="any"),
    ),
    "a right for itself": (
        "AccessDenied",
        lambda world: world.as_role("iam").put_role_policy(
            RoleName="server", PolicyName="all", PolicyDocument=json.dumps({"Statement": [allow(["*"], "*")]})
        ),
    ),
    "another role": (
        "AccessDenied",
        lambda world: world.as_role("sts").assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/admin", RoleSessionName="session"
        ),
    ),
    "metrics": (
        "AccessDeniedException",
        lambda world: world.as_role("cloudwatch").put_metric_data(
            Namespace="x", MetricData=[{"MetricName": "x", "Value": 1}]
        ),
    ),
    "a service that is not judged": (
        "AccessDenied",
        lambda world: world.as_role("route53").list_hosted_zones(),
    ),
}
