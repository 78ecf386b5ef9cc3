"""The cloud itself: what it shows, what it refuses, and that nothing outlives it."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from rehearsal import daemon
from testkit.waiting import eventually
from tests.rehearsal.cloud.running import RunningCloud


def test_status_and_certificate_authority_are_pages(cloud: RunningCloud) -> None:
    """What `rehearsal status` and the boot script read."""
    assert cloud.rows() == []
    with urllib.request.urlopen(f"{cloud.endpoint}/_evenkeel/ca.pem") as answer:
        assert answer.read() == cloud.ca.read_bytes()


def test_any_client_finds_the_image_and_managed_policies(cloud: RunningCloud) -> None:
    """The image that SSM names exists, and can be launched."""
    name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    image = cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    assert [found["ImageId"] for found in cloud.client("ec2").describe_images()["Images"]] == [image]
    policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert cloud.client("iam").get_policy(PolicyArn=policy)["Policy"]["Arn"] == policy


def test_a_composite_alarm_is_kept(cloud: RunningCloud) -> None:
    """A client that waits for it sees it."""
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_composite_alarm(AlarmName="either", AlarmRule='ALARM("one") OR ALARM("two")')
    found = cloudwatch.describe_alarms(AlarmNames=["either"], AlarmTypes=["CompositeAlarm"])
    assert [alarm["AlarmRule"] for alarm in found["CompositeAlarms"]] == ['ALARM("one") OR ALARM("two")']


def test_what_there_is_not_of_an_object_is_not_the_object(cloud: RunningCloud) -> None:
    """Its retention, which moto cannot tell."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="locked-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_object(Bucket="locked-bucket", Key="object", Body=b"")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.get_object_retention(Bucket="locked-bucket", Key="object")


def test_a_port_in_use_is_told_with_the_remedy(cloud: RunningCloud, tmp_path: Path) -> None:
    """Nothing is started."""
    refused = start(port=cloud.port, state=tmp_path)
    assert refused.returncode == 1
    assert f"port {cloud.port} of 127.0.0.1 cannot be used (Address already in use)" in refused.stderr
    assert "stacks/Pulumi.local.yaml" in refused.stderr


def test_a_state_folder_in_use_is_told_with_the_remedy(cloud: RunningCloud) -> None:
    """Two clouds never share one."""
    refused = start(port=0, state=cloud.state_dir)
    assert refused.returncode == 1
    assert f"another rehearsal cloud uses {cloud.state_dir}; end it with `make down`" in refused.stderr


def start(*, port: int, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *daemon.arguments(port=port, state=state)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_two_clouds_have_addresses_of_their_own(cloud: RunningCloud, tmp_path: Path) -> None:
    """So their databases may have the same port."""
    other = RunningCloud(tmp_path / "state")
    try:
        assert network(cloud) != network(other)
    finally:
        assert other.end() == 0


def network(cloud: RunningCloud) -> str:
    """Where its servers get their addresses; it says so just after it has begun to answer."""
    said = eventually(lambda: cloud.log.read_text().partition("addresses of ")[2], within=10)
    return str(said).split()[0]


def test_killing_the_cloud_leaves_no_process(tmp_path: Path) -> None:
    """SIGKILL, with a database, a store and a task that hides behind setsid: all gone."""
    cloud = RunningCloud(tmp_path / "state")
    busy(cloud)
    assert len(cloud.processes()) >= 9
    cloud.end(signal.SIGKILL)
    eventually(lambda: cloud.processes() == set(), within=10)


def test_an_ordered_end_leaves_no_process(tmp_path: Path) -> None:
    """SIGTERM in the middle of work: exit status 0, and quickly."""
    cloud = RunningCloud(tmp_path / "state")
    busy(cloud)
    assert cloud.end() == 0, cloud.log.read_text()
    eventually(lambda: cloud.processes() == set(), within=10)


def busy(cloud: RunningCloud) -> None:
    rds, elasticache, ecs = cloud.client("rds"), cloud.client("elasticache"), cloud.client("ecs")
    rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        MasterUsername="keel",
        MasterUserPassword="password-of-main",
        AllocatedStorage=20,
    )
    elasticache.create_replication_group(
        ReplicationGroupId="store", ReplicationGroupDescription="store", NumCacheClusters=2
    )
    ecs.create_cluster(clusterName="main")
    ecs.register_task_definition(
        family="hides",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[
            {"name": "hides", "image": "none", "command": ["sh", "-c", "setsid sleep 600 & sleep 600"]}
        ],
    )
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.run_task(
        cluster="main",
        taskDefinition="hides",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )

    def all_run() -> bool:
        states = {row["kind"]: row["state"] for row in cloud.rows()}
        return (states.get("DB instance"), states.get("replication group"), states.get("ECS task")) == (
            "available",
            "available",
            "RUNNING",
        )

    eventually(all_run, within=30)
