"""A deployed app with a job, in rehearsal: run by one server at a time, also while servers are replaced."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import yaml

from testkit.checkout import ROOT, Checkout, succeed
from testkit.waiting import eventually

pytestmark = pytest.mark.long
FILES = {
    "package.json": json.dumps({"name": "shop", "scripts": {"start": "node server.js"}}),
    "package-lock.json": json.dumps(
        {"name": "shop", "lockfileVersion": 3, "packages": {"": {"name": "shop"}}}
    ),
    "server.js": """\
const { createServer } = require("node:http");
createServer((_, answer) => answer.end("shop")).listen(process.env.PORT);
""",
    "digest.js": "setTimeout(() => console.log('digest of', process.env.SHOP), 20_000);\n",
    "show.js": """\
const { SHOP, DATABASE_URL, RELEASE } = process.env;
console.log(JSON.stringify({ shop: SHOP, hasDatabase: DATABASE_URL.startsWith("postgresql://"), RELEASE }));
console.log(JSON.stringify({ uid: process.getuid(), folder: process.cwd(), args: process.argv.slice(2) }));
console.error("this went wrong");
process.exit(7);
""",
    "patient.js": """\
process.on("SIGINT", () => { console.log("told"); process.exit(9); });
setInterval(() => {}, 1000);
""",
}
UP = ("up", "--yes", "--skip-preview", "--stack", "local")
SETTINGS = {
    "app": {
        "path": "shop",
        "environment": {"SHOP": "one"},
        "processes": {"digest": {"command": "node digest.js", "schedule": "* * * * *", "timeout": 40}},
    },
    "smoke": {"session": None},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """The deployed app, and what its servers say."""

    checkout: Checkout
    environment: dict[str, str] = field(repr=False)

    def set(self, **variables: str) -> None:
        """Variables of the app, from the next deployment on."""
        file = self.checkout.folder / "stacks/Pulumi.local.yaml"
        content = yaml.safe_load(file.read_text())
        for section, settings in SETTINGS.items():
            content["config"].setdefault(f"evenkeel:{section}", {}).update(settings)
        content["config"]["evenkeel:app"]["environment"] = {"SHOP": "one", **variables}
        file.write_text(yaml.safe_dump(content))

    def said(self, message: str) -> list[dict[str, Any]]:
        """What the job's programs say, in all servers' logs."""
        group = self.checkout.outputs()["log_group"]
        logs = self.client("logs")
        lines = []
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
            if stream["logStreamName"].endswith("/app"):
                events = logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
                )["events"]
                lines += [event["message"] for event in events]
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line.get("message") == message]

    def client(self, service: str) -> Any:
        """A client that may do everything."""
        return boto3.client(
            service,
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """`evenkeel run --stack local …`, as a child."""
        command = (".venv/bin/python", "-m", "evenkeel.command", "run", "--stack", "local", *arguments)
        return subprocess.Popen(
            command,
            cwd=self.checkout.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of one that ends by itself."""
        process = self.start(*arguments)
        said, wrong = process.communicate(timeout=120)
        return process.returncode, said, wrong


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two servers, each of which could run the job."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("jobs") / "kit")
    for name, text in FILES.items():
        (checkout.folder / "shop" / name).parent.mkdir(exist_ok=True)
        (checkout.folder / "shop" / name).write_text(text)
    shop = Shop(checkout=checkout, environment={})
    shop.set()
    try:
        succeed(checkout.rehearsal("up"))
        shop.environment.update(checkout.environment())
        yield shop
    finally:
        checkout.end()


def test_a_command_runs_as_the_app_would(shop: Shop) -> None:
    """Its user, its variables, its folder; its exit code and both its outputs are passed on."""
    code, said, wrong = shop.run("--", "node", "show.js", "a b", "{{ssm:none}}", "$HOME")
    assert code == 7, wrong
    variables, process = (json.loads(line) for line in said.splitlines())
    assert (variables["shop"], variables["hasDatabase"]) == ("one", True)
    assert process["uid"] != 0
    assert process["folder"].endswith(variables["RELEASE"])
    assert process["args"] == ["a b", "{{ssm:none}}", "$HOME"]
    assert "this went wrong" in wrong


def test_a_command_that_is_not_there_says_so(shop: Shop) -> None:
    """As a shell would."""
    code, _, wrong = shop.run("--", "nothing-such")
    assert (code, "nothing-such" in wrong) == (127, True)


def test_output_that_ssm_cuts_is_said_to_be_cut(shop: Shop) -> None:
    """And shown as far as it goes."""
    code, said, wrong = shop.run("--", "node", "-e", "console.log('x'.repeat(30_000))")
    assert (code, len(said)) == (0, 24_000)
    assert "SSM keeps the first 24000 characters only" in wrong


def test_a_command_ends_at_its_time_out(shop: Shop) -> None:
    """It is told first."""
    code, said, wrong = shop.run("--timeout", "2", "--", "node", "patient.js")
    assert (code, said) == (124, "told\n")
    assert "the command was ended after 2 s" in wrong


def test_ctrl_c_ends_the_command_on_its_server(shop: Shop) -> None:
    """Nothing goes on there unseen."""
    process = shop.start("--", "node", "patient.js")
    assert process.stderr
    assert process.stderr.readline().startswith("on i-")
    time.sleep(5)  # until it listens to signals; nobody says when
    process.send_signal(signal.SIGINT)
    said, wrong = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "told\n"), wrong


def test_without_rights_the_refusal_says_where_they_are(shop: Shop) -> None:
    """The deployer has none to run commands."""
    deployer = Shop(checkout=shop.checkout, environment=shop.checkout.environment("--stack=local"))
    code, _, wrong = deployer.run("--", "true")
    assert code == 1
    assert "is not authorized to perform" in wrong
    assert "docs/own-repository.md" in wrong


def test_the_documented_rights_are_enough(shop: Shop) -> None:
    """Those of docs/own-repository.md, for a user who has no others."""
    page = (ROOT / "docs/own-repository.md").read_text()
    (policy,) = (
        block for block in re.findall(r"```json\n(.+?)```", page, re.DOTALL) if "SendCommand" in block
    )
    iam = shop.client("iam")
    iam.create_user(UserName="operator")
    document = policy.replace('"shop"', '"evenkeel"').replace('"prod"', '"local"')
    iam.put_user_policy(UserName="operator", PolicyName="run", PolicyDocument=document)
    key = iam.create_access_key(UserName="operator")["AccessKey"]
    given = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    operator = Shop(checkout=shop.checkout, environment=shop.environment | given)
    code, said, wrong = operator.run("--", "echo", "hi")
    assert (code, said) == (0, "hi\n"), wrong
    document = policy.replace('"shop"', '"evenkeel"')
    iam.put_user_policy(UserName="operator", PolicyName="run", PolicyDocument=document)
    code, _, wrong = operator.run("--", "echo", "hi")
    assert (code, "not authorized to perform: ssm:SendCommand" in wrong) == (1, True)


def test_a_rollout_neither_swallows_nor_repeats_a_due_time(shop: Shop) -> None:
    """All servers are replaced in the minutes of the job's runs."""
    eventually(lambda: shop.said("run begins"), within=90)
    shop.set(COLOUR="blue")
    succeed(shop.checkout.pulumi(*UP))
    after = len(shop.said("run begins"))
    eventually(lambda: len(shop.said("run begins")) > after, within=90)
    due = sorted(line["due"] for line in shop.said("run begins"))
    minutes = [due_time[:16] for due_time in due]
    assert len(set(minutes)) == len(minutes)
    assert len(minutes) == minutes_between(minutes[0], minutes[-1]) + 1
    assert shop.said("missed") == []
    ended = {line["outcome"] for line in shop.said("run ended")}
    assert ended <= {"code 0", "interrupted, code 130", "interrupted, SIGINT"}
    assert "code 0" in ended


def minutes_between(first: str, last: str) -> int:
    """Of two times such as 2026-06-02T06:00."""
    begins, ends = (time.strptime(text, "%Y-%m-%dT%H:%M") for text in (first, last))
    return round((time.mktime(ends) - time.mktime(begins)) / 60)
