"""ECS in rehearsal: a Fargate task's command runs, logs while it runs, and ends as ECS says."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testkit.waiting import eventually
from tests.rehearsal.cloud.running import RunningCloud

GROUP = "/evenkeel/tasks"


@pytest.fixture(scope="module")
def ecs(cloud: RunningCloud) -> Any:
    """The ECS client, with a cluster and a log group to use."""
    ecs = cloud.client("ecs")
    ecs.create_cluster(clusterName="main")
    cloud.client("logs").create_log_group(logGroupName=GROUP)
    return ecs


def register(ecs: Any, name: str, script: str, **container: Any) -> str:
    options = {"awslogs-group": GROUP, "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "one-off"}
    definition = {
        "name": name,
        "image": "public.ecr.aws/docker/library/python:3.12",
        "command": ["python3", "-u", "-c", script],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
        **container,
    }
    registered = ecs.register_task_definition(
        family=name,
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        taskRoleArn="arn:aws:iam::123456789012:role/task",
        containerDefinitions=[definition],
    )
    return str(registered["taskDefinition"]["taskDefinitionArn"])


def run(cloud: RunningCloud, ecs: Any, definition: str, **arguments: Any) -> str:
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    started = ecs.run_task(
        cluster="main",
        taskDefinition=definition,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
        **arguments,
    )["tasks"][0]
    assert started["lastStatus"] == "PROVISIONING"
    return str(started["taskArn"])


def described(ecs: Any, arn: str) -> Any:
    return next(iter(ecs.describe_tasks(cluster="main", tasks=[arn])["tasks"]), {})


def stopped(ecs: Any, arn: str) -> Any:
    return eventually(
        lambda: (task := described(ecs, arn)).get("lastStatus") == "STOPPED" and task, within=20
    )


def lines(cloud: RunningCloud, name: str, arn: str) -> list[str]:
    events = cloud.client("logs").get_log_events(
        logGroupName=GROUP, logStreamName=f"one-off/{name}/{arn.rpartition('/')[2]}", startFromHead=True
    )["events"]
    return [event["message"] for event in events]


def test_a_task_runs_to_its_exit_code(cloud: RunningCloud, ecs: Any) -> None:
    """What the command exits with is what ECS reports."""
    arn = run(cloud, ecs, register(ecs, "exits", "print('bye'); raise SystemExit(7)"))
    task = stopped(ecs, arn)
    assert task["containers"][0]["exitCode"] == 7
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert task["createdAt"] <= task["startedAt"] <= task["stoppedAt"]
    assert lines(cloud, "exits", arn) == ["bye"]


def test_a_task_runs_in_a_vpc_without_dns_names(cloud: RunningCloud, ecs: Any) -> None:
    """Its network interface has an address there, and no name."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.31.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.31.1.0/24")["Subnet"]["SubnetId"]
    task = ecs.run_task(
        cluster="main",
        taskDefinition=register(ecs, "nameless", "pass"),
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )["tasks"][0]
    details = {detail["name"]: detail["value"] for detail in task["attachments"][0]["details"]}
    assert "privateDnsName" not in details
    assert details["subnetId"] == subnet
    assert stopped(ecs, task["taskArn"])["containers"][0]["exitCode"] == 0


def test_the_log_can_be_followed_while_the_task_runs(cloud: RunningCloud, ecs: Any) -> None:
    """Line by line, not at the end."""
    on_stop = "signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('line 1')))"
    script = f"import signal, sys, time\n{on_stop}\nprint('line 0')\ntime.sleep(600)"
    arn = run(cloud, ecs, register(ecs, "follows", script))
    wait_for_line(cloud, "follows", arn, "line 0")
    task = eventually(lambda: described(ecs, arn), within=5)
    assert task["lastStatus"] == "RUNNING"
    assert "exitCode" not in task["containers"][0]
    assert lines(cloud, "follows", arn) == ["line 0"]
    ecs.stop_task(cluster="main", task=arn)
    stopped(ecs, arn)
    assert lines(cloud, "follows", arn) == ["line 0", "line 1"]


def test_a_task_finds_its_environment_secrets_role_and_the_cloud(cloud: RunningCloud, ecs: Any) -> None:
    """Through boto3's default configuration, as in a container on AWS."""
    secret = cloud.client("secretsmanager").create_secret(
        Name="database", SecretString=json.dumps({"password": "from json"})
    )["ARN"]
    cloud.client("ssm").put_parameter(Name="/app/token", Value="from ssm", Type="SecureString")
    script = (
        "import boto3, os\n"
        "print(os.environ['PLAIN'], os.environ['OVERRIDDEN'], os.environ['PASSWORD'], os.environ['TOKEN'])\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
    )
    definition = register(
        ecs,
        "finds",
        script,
        environment=[{"name": "PLAIN", "value": "plain"}, {"name": "OVERRIDDEN", "value": "no"}],
        secrets=[
            {"name": "PASSWORD", "valueFrom": f"{secret}:password::"},
            {"name": "TOKEN", "valueFrom": "arn:aws:ssm:eu-central-1:123456789012:parameter/app/token"},
        ],
    )
    override = {"name": "finds", "environment": [{"name": "OVERRIDDEN", "value": "yes"}]}
    arn = run(cloud, ecs, definition, overrides={"containerOverrides": [override]})
    task = stopped(ecs, arn)
    assert task["containers"][0]["exitCode"] == 0
    first, identity = lines(cloud, "finds", arn)
    assert first == "plain yes from json from ssm"
    assert identity.startswith("arn:aws:sts::123456789012:assumed-role/task/")


def test_two_tasks_run_at_once_and_a_command_can_be_overridden(cloud: RunningCloud, ecs: Any) -> None:
    """Each in a folder of its own."""
    definition = register(ecs, "twice", "raise SystemExit(9)")
    script = "import os, time; time.sleep(1); print(len(os.listdir('.'))); open('mine', 'w')"
    override = {"name": "twice", "command": ["python3", "-c", script]}
    arns = [run(cloud, ecs, definition, overrides={"containerOverrides": [override]}) for _ in range(2)]
    for arn in arns:
        assert stopped(ecs, arn)["containers"][0]["exitCode"] == 0
        assert lines(cloud, "twice", arn) == ["0"]


def test_stopping_asks_first_and_kills_after_the_stop_timeout(cloud: RunningCloud, ecs: Any) -> None:
    """A handler of SIGTERM decides the exit code; who ignores it gets 137."""
    handler = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(3))\n"
    for name, preamble, code in (("polite", handler, 3), ("deaf", "import time\n", 137)):
        script = f"{preamble}print('up')\ntime.sleep(600)"
        arn = run(cloud, ecs, register(ecs, name, script, stopTimeout=2))
        wait_for_line(cloud, name, arn, "up")
        began = time.monotonic()
        ecs.stop_task(cluster="main", task=arn, reason="enough")
        task = stopped(ecs, arn)
        assert task["containers"][0]["exitCode"] == code
        assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
        assert time.monotonic() - began > 2 or code == 3


def wait_for_line(cloud: RunningCloud, name: str, arn: str, line: str) -> None:
    def is_there() -> bool:
        try:
            return line in lines(cloud, name, arn)
        except ClientError:
            return False  # the stream is made when the container starts

    eventually(is_there, within=10)


def test_a_task_that_cannot_start_says_why(cloud: RunningCloud, ecs: Any) -> None:
    """A missing secret, program or log group stops it before it starts."""
    missing = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:none-AbCdEf"
    for name, container, reason in (
        ("no-secret", {"secrets": [{"name": "X", "valueFrom": missing}]}, "unable to retrieve secret"),
        ("no-program", {"command": ["no-such-program"]}, 'exec: "no-such-program"'),
        ("no-command", {"command": []}, "set the container's command"),
    ):
        arn = run(cloud, ecs, register(ecs, name, "pass", **container))
        task = stopped(ecs, arn)
        assert task["stopCode"] == "TaskFailedToStart"
        assert reason in task["stoppedReason"]


def test_a_wrong_task_definition_is_an_error_of_the_api(ecs: Any) -> None:
    """As is a launch type that nothing can run."""
    with pytest.raises(ClientError, match="Unable to describe task definition"):
        ecs.run_task(cluster="main", taskDefinition="nothing:1", launchType="FARGATE")
    definition = register(ecs, "nowhere", "pass")
    with pytest.raises(ClientError, match="No Container Instances were found"):
        ecs.run_task(cluster="main", taskDefinition=definition, launchType="EC2")
