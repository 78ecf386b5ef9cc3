"""A repository of one's own: an app that knows nothing of the kit, resources beside the kit's, an upgrade."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from pytest_evenkeel.server import PM2
from pytest_evenkeel.ssm import RunShellScript
from testkit.checkout import succeed
from testkit.load import Load
from testkit.own_repository import OwnRepository, last_release, wheels

SERVER = """\
import { createServer } from 'node:http';

const server = createServer(async (request, response) => {
  for await (const part of request) part;
  response.end(`shop 1, orders in ${process.env.ORDERS}`);
});
server.listen(process.env.PORT);
"""
LOCK = {"name": "shop", "lockfileVersion": 3, "packages": {"": {"name": "shop"}}}
PROGRAM = '''\
"""The stack of shop: the kit, a bucket and a queue."""

import pulumi
import pulumi_aws as aws

from evenkeel import Kit, Permission

kit = Kit()
uploads = aws.s3.Bucket(f"{kit.name}-uploads", force_destroy=True, opts=kit.options)
orders = aws.sqs.Queue(f"{kit.name}-orders", visibility_timeout_seconds=60, opts=kit.options)
kit.serve(
    environment={"ORDERS": orders.url, "UPLOADS": uploads.bucket},
    permissions=[
        Permission(actions=["s3:PutObject"], resources=[pulumi.Output.concat(uploads.arn, "/*")]),
        Permission(actions=["sqs:SendMessage"], resources=[orders.arn]),
    ],
)
pulumi.export("orders", orders.url)
'''
SETTINGS = """\
  evenkeel:smoke:
    slow_request: {path: /orders, body: {}}
"""
"""What the checks of its servers are told: it has no log-in, and any request waits for its body."""
CHECK = '''\
"""What this repository checks besides."""

from pytest_evenkeel.server import ServingInstance
from pytest_evenkeel.stack import Stack


def test_the_app_is_there(server: ServingInstance, stack: Stack) -> None:
    """As it was released."""
    assert server.host.file("/opt/app/current/server.js").user == "root"
    assert stack.auto_scaling_group == "shop-local-app"
'''
BROKEN = "sed -i 's/state.isShuttingDown = true;/process.exit(0);/' /opt/app/current/.evenkeel/shutdown.js"
"""A worker then leaves at once, whoever waits for it."""
QUEUES = "arn:${Partition}:sqs:${Region}:${Account}:${Project}-${Stack}-*"
CALLS = (
    "CreateQueue",
    "DeleteQueue",
    "GetQueueAttributes",
    "SetQueueAttributes",
    "ListQueueTags",
    "TagQueue",
)
RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": [f"sqs:{call}" for call in CALLS], "Resource": QUEUES},
    ],
}
UP = ("up", "--yes", "--skip-preview", "--stack", "local")
KEEPING = ("same", "create", "update", "read")
KEEPS_DATA = ("aws:rds/", "aws:elasticache/", "aws:s3/bucket:", "aws:sqs/", "aws:kms/", "aws:ec2/vpc:")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app: nothing but Node.js, an ECMAScript module, no PM2, no routes for the kit."""
    folder = tmp_path_factory.mktemp("own") / "shop"
    for name, text in {
        "package.json": json.dumps(
            {"name": "shop", "type": "module", "scripts": {"start": "node server.js"}}
        ),
        "package-lock.json": json.dumps(LOCK),
        "server.js": SERVER,
        "migrations/1_orders/migration.sql": "CREATE TABLE orders (id bigint PRIMARY KEY);\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def repository(shop: Path) -> Iterator[OwnRepository]:
    """Deployed by the last release of the kit, or by this one before there is any."""
    before = wheels(shop.parent, version="0.1.99", of=last_release())
    with OwnRepository.new(shop.parent / "infra", app=shop, wheel=before) as repository:
        (repository.folder / "__main__.py").write_text(PROGRAM)
        (repository.folder / "deployer-policy.json").write_text(json.dumps(RIGHTS))
        (repository.folder / "test_shop.py").write_text(CHECK)
        settings = repository.folder / "stacks/Pulumi.local.yaml"
        settings.write_text(settings.read_text().replace("config:\n", f"config:\n{SETTINGS}", 1))
        succeed(repository.rehearsal("up"))
        yield repository


@pytest.mark.long
def test_the_app_serves_and_has_what_the_program_made_for_it(repository: OwnRepository) -> None:
    """Its own text, with the queue's address: no line of the app is about the kit."""
    outputs = repository.outputs()
    answer = requests.get(outputs["url"], timeout=10)
    assert answer.text == f"shop 1, orders in {outputs['orders']}"
    assert outputs["auto_scaling_group"] == "shop-local-app"


@pytest.mark.long
def test_a_server_may_do_what_it_was_given_and_no_more(
    repository: OwnRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends to the queue, and can't empty it; its role is judged as AWS would."""
    for name, value in repository.administrator().items():
        monkeypatch.setenv(name, value)
    queue = repository.outputs()["orders"]
    queues = as_a_server("sqs")
    queues.send_message(QueueUrl=queue, MessageBody="hello")
    with pytest.raises(
        ClientError, match="is not authorized to perform: sqs:PurgeQueue on resource: arn:aws:sqs:"
    ):
        queues.purge_queue(QueueUrl=queue)


def as_a_server(service: str) -> Any:
    """A client with the credentials that a server's metadata service gives the app."""
    roles = boto3.client("iam").list_roles()["Roles"]
    (arn,) = [role["Arn"] for role in roles if role["RoleName"].startswith("shop-local-app-role")]
    given = boto3.client("sts").assume_role(RoleArn=arn, RoleSessionName="i-0")["Credentials"]
    return boto3.client(
        service,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


@pytest.mark.long
def test_the_checks_of_the_servers_hold_for_it(repository: OwnRepository) -> None:
    """Those of the kit and its own; what it lacks is named, with the setting that would have it checked."""
    said = succeed(repository.check("-rA")).stdout
    assert "PASSED test_shop.py::test_the_app_is_there" in said
    for shutdown in ("in_flight_are_finished_after_the_signal[SIGTERM]", "killed_worker_does_not_finish"):
        assert re.search(rf"PASSED .*{re.escape(shutdown)}", said)
    skipped = re.findall(r"^SKIPPED \[\d+\] \S+ (.+)$", said, re.MULTILINE)
    assert set(skipped) == {"the settings name no log-in: evenkeel:smoke.session"}


@pytest.mark.long
def test_the_checks_find_a_shutdown_that_is_broken(
    repository: OwnRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: its workers leave without finishing what they have begun."""
    for name, value in repository.administrator().items():
        monkeypatch.setenv(name, value)
    group = boto3.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"][0]
    servers = [one["InstanceId"] for one in group["Instances"]]
    broken = RunShellScript(boto3.client("ssm")).run(servers, f"{BROKEN} && {PM2} reload app")
    assert {server.status for server in broken.values()} == {0}
    checked = repository.check("-k", "finished_after_the_signal and SIGTERM")
    assert checked.returncode == pytest.ExitCode.TESTS_FAILED, checked.stdout
    assert "1 failed" in checked.stdout


@pytest.mark.long
def test_a_release_of_an_app_that_does_nothing_for_it_drops_no_request(
    repository: OwnRepository, shop: Path
) -> None:
    """The adapter and the balancer do it all."""
    url = repository.outputs()["url"]
    (shop / "server.js").write_text(SERVER.replace("shop 1", "shop 2"))
    with Load(url, rate=50) as load:
        succeed(repository.pulumi(*UP))
        outcome = load.stop()
    assert requests.get(url, timeout=10).text.startswith("shop 2")
    assert outcome.requests > 500
    assert outcome.failed == 0, outcome.lines


@pytest.mark.long
def test_an_upgrade_replaces_nothing_that_holds_data(repository: OwnRepository, shop: Path) -> None:
    """It changes two lines of the repository; the second preview after it is empty."""
    files = {path: path.read_text() for path in repository.folder.glob("*.py")}
    now = wheels(shop.parent, version="0.2.99")
    shown = succeed(repository.run(".venv/bin/evenkeel", "upgrade", f"file://{now}")).stdout
    assert "requirements.txt has evenkeel[rehearsal] @ file://" in shown
    assert "/pytest_evenkeel-0.2.99" in (repository.folder / "requirements.txt").read_text()
    assert {path: path.read_text() for path in files} == files
    planned = json.loads(succeed(repository.pulumi("preview", "--json", "--stack", "local")).stdout)
    lost = [
        step["urn"] for step in planned["steps"] if step["op"] not in ("same", "create", "update", "read")
    ]
    assert [urn for urn in lost if any(kind in urn for kind in KEEPS_DATA)] == []
    succeed(repository.pulumi(*UP))
    succeed(repository.pulumi("preview", "--expect-no-changes", "--stack", "local"))
