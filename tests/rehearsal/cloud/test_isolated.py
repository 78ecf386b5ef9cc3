"""Root in a server of a running cloud: what it tries by SSM and by its files, in both ways."""

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.isolation.isolation import WAYS
from testkit.waiting import eventually
from tests.rehearsal.cloud.fleet import Fleet
from tests.rehearsal.cloud.running import RunningCloud

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root isolates")
SECRET = "a secret of the machine's"
LOG_GROUP = "logs"


@pytest.fixture(scope="module", params=WAYS)
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCloud]:
    """One that isolates in this way."""
    cloud = RunningCloud(tmp_path_factory.mktemp("cloud") / "state", isolation=request.param)
    try:
        yield cloud
    finally:
        status = cloud.end()
    assert status == 0, cloud.log.read_text()
    eventually(lambda: cloud.processes() == set(), within=10)


@pytest.fixture(scope="module")
def fleet(cloud: RunningCloud) -> Fleet:
    """A network."""
    return Fleet(cloud)


@pytest.fixture(scope="module")
def server(fleet: Fleet) -> str:
    """An instance that does nothing."""
    data = fleet.template_data("")
    (instance,) = fleet.ec2.run_instances(
        ImageId=data["ImageId"], MinCount=1, MaxCount=1, SubnetId=fleet.subnets[0]
    )["Instances"]
    managed = fleet.ssm.describe_instance_information
    eventually(lambda: managed()["InstanceInformationList"], within=20)
    return str(instance["InstanceId"])


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the machine's."""
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    return file


def test_the_state_folder_is_closed_to_other_users(cloud: RunningCloud) -> None:
    """Whatever the modes are of what lies in it."""
    assert stat.S_IMODE(cloud.state_dir.stat().st_mode) == 0o700


def test_root_of_a_server_sees_neither_the_state_nor_another_server(fleet: Fleet, server: str) -> None:
    """Nor a process of the machine's."""
    state = fleet.cloud.state_dir
    host_process = fleet.cloud.process.pid
    done = fleet.run(server, f"ls {state}; ls {state}/ec2; ls /proc/{host_process}; id -u; ps -e | wc -l")
    user, processes = done["StandardOutputContent"].split()
    assert user == "0"
    assert int(processes) < 20
    assert done["StandardErrorContent"].count("No such file or directory") == 3


def test_a_link_where_run_command_works_leads_nowhere_else(fleet: Fleet, server: str, tmp_path: Path) -> None:
    """The cloud, which is root, writes no script and reads no output by a path of the server's."""
    folder = tmp_path / "ssm"
    folder.mkdir()
    fleet.run(server, f"mkdir -p {folder} && rm -rf /var/lib/amazon && ln -s {folder} /var/lib/amazon")
    assert fleet.run(server, "echo mine")["StandardOutputContent"] == "mine\n"
    assert list(folder.iterdir()) == []


def test_the_agent_sends_no_file_of_the_machine(fleet: Fleet, server: str, secret: Path) -> None:
    """A link in the server leads to a file of the server, for the agent too."""
    logs = fleet.cloud.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)

    def configure(**paths: str) -> None:
        files = [
            {"file_path": path, "log_group_name": LOG_GROUP, "log_stream_name": stream}
            for stream, path in paths.items()
        ]
        text = json.dumps({"logs": {"logs_collected": {"files": {"collect_list": files}}}})
        fleet.run(
            server,
            f"cd /opt/aws/amazon-cloudwatch-agent/bin; echo '{text}' >/tmp/agent.json;"
            " ./amazon-cloudwatch-agent-ctl -a fetch-config -m ec2 -s -c file:/tmp/agent.json",
        )

    def messages() -> list[str]:
        events = logs.filter_log_events(logGroupName=LOG_GROUP)["events"]
        return [str(event["message"]) for event in events]

    fleet.run(
        server,
        f"echo own >/tmp/own.log; ln -s {secret} /tmp/link.log; ln -s {secret.parent} /tmp/folder",
    )
    configure(link="/tmp/link.log", glob="/tmp/folder/s*", own="/tmp/own.log")
    eventually(messages, within=10)
    assert messages() == ["own"]


def test_a_task_is_as_little(cloud: RunningCloud, secret: Path) -> None:
    """It reads none of the machine's files, as an unprivileged user without a capability."""
    ecs, logs = cloud.client("ecs"), cloud.client("logs")
    ecs.create_cluster(clusterName="main")
    logs.create_log_group(logGroupName="tasks")
    hidden = [str(secret), str(cloud.state_dir / "ec2")]
    script = f"import os; print(os.getuid(), [path for path in {hidden} if os.path.exists(path)])"
    options = {"awslogs-group": "tasks", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "one"}
    definition: dict[str, Any] = {
        "name": "task",
        "image": "python",
        "command": ["python3", "-c", script],
        "logConfiguration": {"logDriver": "awslogs", "options": options},
    }
    ecs.register_task_definition(
        family="task",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        containerDefinitions=[definition],
    )
    subnet = cloud.client("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    arn = ecs.run_task(
        cluster="main",
        taskDefinition="task",
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )["tasks"][0]["taskArn"]

    def has_stopped() -> bool:
        tasks = ecs.describe_tasks(cluster="main", tasks=[arn])["tasks"]
        return [task["lastStatus"] for task in tasks] == ["STOPPED"]

    eventually(has_stopped, within=20)
    said = [event["message"] for event in logs.filter_log_events(logGroupName="tasks")["events"]]
    assert said == ["65534 []"]
