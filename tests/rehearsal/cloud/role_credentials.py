"""How servers and tasks get their roles' credentials, and how others would."""

import urllib.error
import urllib.request
from typing import Any

import pytest

from testkit.waiting import eventually
from tests.rehearsal.cloud.role_world import REGION, ROLE, RoleWorld


def run(world: RoleWorld, instance: str, command: str) -> dict[str, Any]:
    """What a shell command in the server came to."""
    sent = world.fleet.ssm.send_command(
        InstanceIds=[instance],
        DocumentName="AWS-RunShellScript",
        Parameters={"commands": [f"export AWS_DEFAULT_REGION={REGION}", command]},
    )["Command"]["CommandId"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = world.fleet.ssm.get_command_invocation(CommandId=sent, InstanceId=instance)
        return found if found["Status"] in ("Success", "Failed") else None

    result: dict[str, Any] = eventually(ended, within=60)
    return result


TAKE = """
import sys, urllib.error, urllib.request
endpoint, path = sys.argv[1:]
ask = urllib.request.Request(f"{endpoint}/latest/api/token", method="PUT",
                             headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
token = urllib.request.urlopen(ask).read().decode()
def get(path):
    try:
        answer = urllib.request.urlopen(urllib.request.Request(
            f"{endpoint}/latest/meta-data/{path}", headers={"X-aws-ec2-metadata-token": token}))
        return answer.status
    except urllib.error.HTTPError as error:
        return error.code
print(get("instance-id"), get("iam/security-credentials/"), get("iam/security-credentials/server"), get(path))
"""


def start(world: RoleWorld, name: str, script: str, *, log_group: str, **definition: Any) -> str:
    """The ARN of a task that runs the script with the role."""
    ecs, network = world.cloud.client("ecs"), world.fleet.ec2
    ecs.create_cluster(clusterName="main")
    options = {"awslogs-group": log_group, "awslogs-region": REGION, "awslogs-stream-prefix": "one"}
    container = {
        "name": name,
        "image": "none",
        "command": ["python3", "-u", "-c", script],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        "secrets": definition.pop("secrets", []),
    }
    ecs.register_task_definition(
        family=name,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        taskRoleArn=ROLE,
        containerDefinitions=[container],
        **definition,
    )
    default = [{"Name": "default-for-az", "Values": ["true"]}]
    subnet = network.describe_subnets(Filters=default)["Subnets"][0]["SubnetId"]
    (task,) = ecs.run_task(
        cluster="main",
        taskDefinition=name,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )["tasks"]
    arn: str = task["taskArn"]
    return arn


def take(address: str, token: str) -> int:
    request = urllib.request.Request(address, headers={"Authorization": token})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    return refused.value.code
