"""What servers and tasks may do: their roles' policies decide, and only they get the credentials."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from rehearsal import daemon
from rehearsal.access_key import AccessKey
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.role_credentials import TAKE, run, start, take
from tests.rehearsal.cloud.role_world import (
    ACCOUNT,
    REFUSED,
    REGION,
    ROLE,
    RoleWorld,
    allow,
    complete,
    record_heartbeat,
)
from tests.rehearsal.cloud.running import TRUST, RunningCloud

STRANGER = 65534


@pytest.fixture(scope="module")
def world(cloud: RunningCloud) -> RoleWorld:
    """A role with policies of the kit's kind: for objects and secrets under a key of its own."""
    fleet, secrets, kms = Fleet(cloud), cloud.client("secretsmanager"), cloud.client("kms")
    own_key, other_key = (kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2))
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="held", CreateBucketConfiguration={"LocationConstraint": REGION})
    encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": own_key}
    s3.put_object(Bucket="held", Key="releases/one", Body=b"release", **encrypted)
    s3.put_object(Bucket="held", Key="migrations/one", Body=b"migration", **encrypted)
    s3.put_object(
        Bucket="held", Key="releases/alien", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=other_key
    )
    own, other, alien = (
        secrets.create_secret(Name=name, SecretString="value", KmsKeyId=key)["ARN"]
        for name, key in (("own", own_key), ("other", own_key), ("alien", other_key))
    )
    for group in ("servers", "tasks"):
        cloud.client("logs").create_log_group(logGroupName=group)
    for group in ("app", "elsewhere"):
        fleet.create_group(group, size=0)
    (app,) = [group for group in fleet.groups() if group["AutoScalingGroupName"] == "app"]
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:servers:*"
    statements = [
        allow(["s3:GetObject"], "arn:aws:s3:::held/releases/*"),
        allow(["secretsmanager:GetSecretValue"], [own, alien]),
        allow(["secretsmanager:BatchGetSecretValue"], "*"),
        allow(["kms:Decrypt"], own_key),
        allow(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], logs),
        allow(
            ["autoscaling:CompleteLifecycleAction", "autoscaling:RecordLifecycleActionHeartbeat"],
            app["AutoScalingGroupARN"],
        ),
    ]
    iam = cloud.client("iam")
    iam.create_role(RoleName="server", AssumeRolePolicyDocument=TRUST)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName="server", PolicyName="own", PolicyDocument=policy)
    managed = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    iam.attach_role_policy(RoleName="server", PolicyArn=managed)
    cloud.client("ssm").put_parameter(Name="/any/parameter", Value="value", Type="String")
    return RoleWorld(cloud=cloud, fleet=fleet, own_secret=own, other_secret=other)


def test_a_role_gets_what_it_is_granted(world: RoleWorld) -> None:
    """Each step of the boot script, and what the managed policy adds."""
    s3, secrets, logs = world.as_role("s3"), world.as_role("secretsmanager"), world.as_role("logs")
    assert s3.get_object(Bucket="held", Key="releases/one")["Body"].read() == b"release"
    s3.head_object(Bucket="held", Key="releases/one")
    assert secrets.get_secret_value(SecretId=world.own_secret)["SecretString"] == "value"
    logs.create_log_stream(logGroupName="servers", logStreamName="i-1/boot")
    logs.put_log_events(
        logGroupName="servers", logStreamName="i-1/boot", logEvents=[{"timestamp": 1, "message": "m"}]
    )
    logs.describe_log_streams(logGroupName="servers")
    for tell in (complete, record_heartbeat):
        with pytest.raises(ClientError, match="No active Lifecycle Action"):
            tell(world, "app")
    assert world.as_role("ssm").get_parameter(Name="/any/parameter")["Parameter"]["Value"] == "value"
    arn = world.as_role("sts").get_caller_identity()["Arn"]
    assert arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/server/test"


@pytest.mark.parametrize("what", REFUSED)
def test_a_role_is_refused_what_it_is_not_granted(world: RoleWorld, what: str) -> None:
    """In each protocol's words, and with the right that is lacking."""
    code, call = REFUSED[what]
    with pytest.raises(ClientError) as refused:
        call(world)
    error = refused.value.response["Error"]
    assert error["Code"] == code
    assert error["Message"].startswith(
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/server/test is not authorized"
    )


@pytest.mark.parametrize("by_filter", [False, True])
def test_several_secrets_at_once_are_those_that_are_granted(world: RoleWorld, by_filter: bool) -> None:
    """The others are errors of their own, as on AWS; whether they are named or searched for."""
    asked: dict[str, Any] = (
        {"Filters": [{"Key": "name", "Values": ["own", "other"]}]}
        if by_filter
        else {"SecretIdList": [world.own_secret, world.other_secret]}
    )
    answer = world.as_role("secretsmanager").batch_get_secret_value(**asked)
    assert [each["ARN"] for each in answer["SecretValues"]] == [world.own_secret]
    (error,) = answer["Errors"]
    assert (error["SecretId"], error["ErrorCode"]) == (world.other_secret, "AccessDeniedException")


def test_a_right_counts_from_the_moment_it_is_given(world: RoleWorld) -> None:
    """And no longer than it is there."""
    iam = world.cloud.client("iam")
    policy = json.dumps({"Version": "2012-10-17", "Statement": allow(["s3:ListBucket"], "arn:aws:s3:::held")})
    s3 = world.as_role("s3")
    iam.put_role_policy(RoleName="server", PolicyName="more", PolicyDocument=policy)
    s3.list_objects_v2(Bucket="held")
    iam.delete_role_policy(RoleName="server", PolicyName="more")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_objects_v2(Bucket="held")


def test_no_role_reads_the_rehearsals_pages(world: RoleWorld) -> None:
    """Status and faults are the deployer's; so is what moto has besides AWS."""
    given = world.cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    key = AccessKey(id=given["AccessKeyId"], secret=given["SecretAccessKey"])
    assert daemon.rows(world.cloud.endpoint, key) is None
    for path in ("/moto-api/", "/latest/meta-data/iam/security-credentials/default-role"):
        with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
            world.as_role("s3").get_object(Bucket=path.split("/")[1], Key=path.split("/", 2)[2] or "x")


def test_a_session_is_good_with_its_token_only(world: RoleWorld) -> None:
    """Without it, or with another one, its key is none."""
    given = world.cloud.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    for token in (None, given["SessionToken"][:-1]):
        client = boto3.client(
            "sts",
            endpoint_url=world.cloud.endpoint,
            region_name=REGION,
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=token,
        )
        with pytest.raises(ClientError, match="InvalidClientTokenId"):
            client.get_caller_identity()


@pytest.fixture(scope="module")
def server(world: RoleWorld) -> Iterator[str]:
    """A running server with the role."""
    profile = world.cloud.client("iam").create_instance_profile(InstanceProfileName="server")
    world.cloud.client("iam").add_role_to_instance_profile(InstanceProfileName="server", RoleName="server")
    data = world.fleet.template_data("")
    (instance,) = world.fleet.ec2.run_instances(
        ImageId=data["ImageId"],
        MinCount=1,
        MaxCount=1,
        SubnetId=world.fleet.subnets[0],
        MetadataOptions={"HttpTokens": "required"},
        IamInstanceProfile={"Arn": profile["InstanceProfile"]["Arn"]},
    )["Instances"]
    instance_id: str = instance["InstanceId"]
    eventually(lambda: run(world, instance_id, "true")["Status"] == "Success", within=30)
    yield instance_id
    world.fleet.ec2.terminate_instances(InstanceIds=[instance_id])


def test_a_server_finds_its_roles_credentials(world: RoleWorld, server: str) -> None:
    """With AWS's own command and nothing set; a right that it lacks is refused there too."""
    said = run(world, server, "aws sts get-caller-identity --query Arn --output text")
    assert said["StandardOutputContent"].strip().endswith(f":assumed-role/server/{server}"), said[
        "StandardErrorContent"
    ]
    said = run(world, server, "aws s3api get-object --bucket held --key migrations/one /dev/null")
    assert "is not authorized to perform: s3:GetObject on resource" in said["StandardErrorContent"]
    said = run(world, server, "aws s3 cp s3://held/releases/one -")
    assert said["StandardOutputContent"] == "release"
    said = run(world, server, "env; cat /etc/environment")
    assert "AWS_ACCESS_KEY_ID" not in said["StandardOutputContent"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("user", [STRANGER, 0])
def test_nobody_else_takes_a_servers_credentials(world: RoleWorld, server: str, user: int) -> None:
    """Any process of the machine reaches the metadata service; its role is for the server's own processes."""
    endpoint = run(world, server, "echo $AWS_EC2_METADATA_SERVICE_ENDPOINT")["StandardOutputContent"].strip()
    said = subprocess.run(
        [
            *("setpriv", "--reuid", str(user), "--regid", str(user), "--clear-groups"),
            *("python3", "-c", TAKE, endpoint, "iam/security-credentials/%73erver"),
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env={"PATH": "/usr/bin:/bin"},
    )
    assert said.stdout.split() == ["200", "403", "403", "403"]


@pytest.mark.parametrize(
    ("secret", "log_group", "reason"),
    [
        ("own", "servers", None),
        ("other", "servers", "is not authorized to perform: secretsmanager:GetSecretValue on resource"),
        ("alien", "servers", "is not authorized to perform: kms:Decrypt on resource"),
        ("own", "tasks", "is not authorized to perform: logs:CreateLogStream on resource"),
    ],
)
def test_a_task_starts_with_what_its_execution_role_grants(
    world: RoleWorld, secret: str, log_group: str, reason: str | None
) -> None:
    """ECS reads the secrets and opens the log with it; what it lacks is the reason for the stop."""
    arn = world.cloud.client("secretsmanager").describe_secret(SecretId=secret)["ARN"]
    task = start(
        world,
        f"{secret}-{log_group}",
        "print('ran')",
        log_group=log_group,
        executionRoleArn=ROLE,
        secrets=[{"name": "SECRET", "valueFrom": arn}],
    )

    def stopped() -> dict[str, Any] | None:
        tasks = world.cloud.client("ecs").describe_tasks(cluster="main", tasks=[task])["tasks"]
        return next((one for one in tasks if one["lastStatus"] == "STOPPED"), None)

    found: dict[str, Any] = eventually(stopped, within=30)
    if reason is None:
        assert found["containers"][0]["exitCode"] == 0
    else:
        assert found["stopCode"] == "TaskFailedToStart"
        assert reason in found["stoppedReason"]


def test_nobody_else_takes_a_tasks_credentials(world: RoleWorld) -> None:
    """Its address has to be known, its token too, and even then only its own process is answered."""
    world.cloud.client("logs").create_log_group(logGroupName="/told")
    script = (
        "import boto3, os, time\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
        "print([name for name in os.environ if 'ACCESS_KEY' in name])\n"
        "print(os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'])\n"
        "print(os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'])\n"
        "try:\n"
        "    boto3.client('s3').get_object(Bucket='held', Key='migrations/one')\n"
        "except Exception as error:\n"
        "    print(error)\n"
        "time.sleep(60)\n"
    )
    task = start(world, "told", script, log_group="/told")
    stream = f"one/told/{task.rpartition('/')[2]}"

    def lines() -> list[str]:
        try:
            events = world.cloud.client("logs").get_log_events(logGroupName="/told", logStreamName=stream)
        except ClientError:
            return []
        return [event["message"] for event in events["events"]]

    eventually(lambda: len(lines()) >= 5, within=30)
    identity, keys, address, token, refused = lines()[:5]
    assert ":assumed-role/server/" in identity
    assert keys == "[]"
    assert "is not authorized to perform: s3:GetObject" in refused
    answers = [take(address, given) for given in (token, "another", "")]
    answers.append(take(address.rpartition("/")[0] + "/another", token))
    world.cloud.client("ecs").stop_task(cluster="main", task=task)
    assert answers == [403, 403, 403, 404]
