"""No secret lies anywhere in plain text where it could be read by someone whom it is not meant for.

One deployment changes a stack that has all kinds of secrets. Everything that it writes, prints or starts is
searched for them, and for a text that is treated as no secret: that one has to be found.
"""

import base64
import gzip
import json
import re
import secrets as random
import subprocess
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import boto3
import pytest
import yaml

from rehearsal.machine import as_root
from testkit.checkout import Checkout, succeed
from testkit.deployment import Deployment
from testkit.watch import Lookout

pytestmark = pytest.mark.long
STACK = "stacks/Pulumi.local.yaml"
ENCODED = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
"""Base64, long enough to hold one of the texts."""
LOOK = 0.1
"""Seconds between two looks at the processes."""
STRANGER = 65_533
"""A user of the machine who has nothing to do with the kit."""
ROLLS = {
    "aws:secretsmanager/secretVersion:SecretVersion",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:autoscaling/group:Group",
    "aws:ssm/parameter:Parameter",
}
"""What changes when the servers are rolled for a secret: the template names its version; the gates close."""
READ_ENVIRONMENTS = """
import glob
for file in glob.glob("/proc/[0-9]*/environ"):
    try:
        print(open(file, errors="replace").read())
    except OSError:
        pass
"""


class Strings:
    """Texts that are searched for: three that a user sets, and those that the kit made itself."""

    def __init__(self) -> None:
        self.pulumi = f"own-{random.token_hex(12)}"
        self.existing = f"existing-{random.token_hex(12)}"
        self.plain = f"plain-{random.token_hex(12)}"
        """The twin: it is put into `app.environment`, and nothing keeps it secret."""

    def kits(self) -> set[str]:
        """Read back from Secrets Manager, where alone they may be read."""
        manager = boto3.client("secretsmanager")
        listed = [one["ARN"] for one in manager.list_secrets()["SecretList"]]
        texts = [manager.get_secret_value(SecretId=arn)["SecretString"] for arn in listed]
        return {value for text in texts for value in re.findall(r"[A-Za-z0-9-]{32,}", text)}


@contextmanager
def stack_of(checkout: Checkout, strings: Strings) -> Iterator[None]:
    """Stack `local` with two secrets and a variable that only looks like one; then deployed as it was."""
    manager = boto3.client("secretsmanager")
    existing = manager.create_secret(
        Name=f"shop/{random.token_hex(4)}", SecretString=json.dumps({"stripe": strings.existing})
    )["ARN"]
    before = (checkout.folder / STACK).read_text()
    file = yaml.safe_load(before)
    app = file["config"]["evenkeel:app"]
    app["environment"] = {**app.get("environment", {}), "SHOP_TOKEN": strings.plain}
    app["plain_environment"] = ["SHOP_TOKEN"]
    app["secrets"] = {"STRIPE_KEY": f"{existing}:stripe::"}
    try:
        with checkout.changed(STACK, yaml.safe_dump(file)):
            set_secret(checkout, strings.pulumi)
            yield
    finally:
        succeed(checkout.pulumi("up", "--yes", "--skip-preview", "--stack", "local"))
        manager.delete_secret(SecretId=existing, ForceDeleteWithoutRecovery=True)


def set_secret(checkout: Checkout, value: str) -> None:
    """The stack's one Pulumi secret."""
    path = "evenkeel:app.secrets.JWT_SECRET"
    set_one = ("config", "set", "--secret", "--path", path, "--stack", "local")
    succeed(checkout.pulumi(*set_one, given=value))


def planned(checkout: Checkout) -> set[str]:
    """The types of the resources that the next deployment would change."""
    preview = json.loads(succeed(checkout.pulumi("preview", "--json", "--stack", "local")).stdout)
    types = {
        step["urn"].split("::")[2].rpartition("$")[2] for step in preview["steps"] if step["op"] != "same"
    }
    return types - {"pulumi:pulumi:Stack"}


def unfolded(text: str) -> Iterator[str]:
    """The text, and what is in base64 in it, such as user data, which is compressed besides."""
    yield text
    for run in ENCODED.findall(text):
        decoded = base64.b64decode(run[: len(run) // 4 * 4])
        with suppress(OSError, EOFError, zlib.error):
            decoded = gzip.decompress(decoded)
        yield decoded.decode(errors="replace")


def found(places: dict[str, str], texts: Iterable[str]) -> set[str]:
    """The places in which one of the texts is."""
    return {
        place
        for place, content in places.items()
        if any(text in layer for layer in unfolded(content) for text in texts)
    }


def in_the_cloud() -> dict[str, str]:
    """What who may read the account, but no secret, sees."""
    ec2, ecs, ssm, logs = (boto3.client(service) for service in ("ec2", "ecs", "ssm", "logs"))
    templates = [one["LaunchTemplateId"] for one in ec2.describe_launch_templates()["LaunchTemplates"]]
    reservations = ec2.describe_instances()["Reservations"]
    servers = [one["InstanceId"] for group in reservations for one in group["Instances"]]
    tasks = ecs.list_task_definitions()["taskDefinitionArns"]
    pages = ssm.get_paginator("describe_parameters").paginate()
    parameters = [one["Name"] for page in pages for one in page["Parameters"]]
    groups = [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]]
    shown = {
        "launch templates": [
            ec2.describe_launch_template_versions(LaunchTemplateId=one) for one in templates
        ],
        "user data": [
            ec2.describe_instance_attribute(InstanceId=one, Attribute="userData") for one in servers
        ],
        "task definitions": [ecs.describe_task_definition(taskDefinition=one) for one in tasks],
        "parameters": [ssm.get_parameter(Name=one, WithDecryption=True) for one in parameters],
        "logs": [logs.filter_log_events(logGroupName=one) for one in groups],
    }
    return {place: str(content) for place, content in shown.items()}


@contextmanager
def decoys(deployment: Deployment, state: Path, text: str) -> Iterator[None]:
    """The text where no secret's way leads, so that the search there is seen to find something."""
    decoy = state / "decoy"
    decoy.write_text(text)
    decoy.chmod(0o644)
    ecs, ssm, logs = (boto3.client(service) for service in ("ecs", "ssm", "logs"))
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1800)", text])
    environment = [{"name": "A", "value": text}]
    container = {"name": "decoy", "image": "none", "memory": 128, "environment": environment}
    stream = {"logGroupName": deployment.outputs["log_group"], "logStreamName": "decoy"}
    with ExitStack() as undo:
        undo.callback(decoy.unlink)
        undo.callback(process.wait)
        undo.callback(process.kill)
        made = ecs.register_task_definition(family="decoy", containerDefinitions=[container])
        task = made["taskDefinition"]["taskDefinitionArn"]
        undo.callback(ecs.deregister_task_definition, taskDefinition=task)
        ssm.put_parameter(Name="/decoy", Value=text, Type="String")
        undo.callback(ssm.delete_parameter, Name="/decoy")
        logs.create_log_stream(**stream)
        undo.callback(logs.delete_log_stream, **stream)
        logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000), "message": text}])
        yield


class CommandLines:
    """Every command line that is seen on the machine."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def look(self) -> None:
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                self.seen.add(file.read_text(errors="replace"))
            except OSError:  # it has ended
                continue


def environments(text: str) -> str:
    """What a stranger can read of the processes' environments; of its own, which holds the text."""
    stranger = [*as_root(), "setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups"]
    read = ["env", f"DECOY={text}", "/usr/bin/python3", "-c", READ_ENVIRONMENTS]
    done = subprocess.run([*stranger, *read], cwd="/", text=True, capture_output=True, check=True)
    return done.stdout


def files_for_others(folder: Path, texts: Iterable[str]) -> dict[str, str]:
    """Each file below the folder that others than its owner may read, with a text in it; and its mode."""
    search = ["grep", "-rlaF", "--devices=skip", "--null", "-f", "-", str(folder)]
    listed = subprocess.run(
        [*as_root(), *search], input="\n".join(texts), text=True, capture_output=True, check=False
    )
    files = [name for name in listed.stdout.split("\0") if name]
    stat = [*as_root(), "stat", "--format=%a %n", *files]
    modes = subprocess.run(stat, text=True, capture_output=True, check=False)
    return {
        name: mode
        for mode, _, name in (line.partition(" ") for line in modes.stdout.splitlines())
        if int(mode, 8) & 0o077
    }


def on_servers(deployment: Deployment) -> list[str]:
    """What the app of each server in service was given: the lines of its environment that a user set."""
    autoscaling, ssm = boto3.client("autoscaling"), boto3.client("ssm")
    (group,) = autoscaling.describe_auto_scaling_groups(
        AutoScalingGroupNames=[deployment.outputs["auto_scaling_group"]]
    )["AutoScalingGroups"]
    command = "grep -E '^(JWT_SECRET|STRIPE_KEY|SHOP_TOKEN)=' /etc/evenkeel/app.env | sort"
    printed = []
    # Those of before serve on for a while.
    servers = [one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"]
    for server in servers:
        sent = ssm.send_command(
            InstanceIds=[server],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [command]},
        )["Command"]["CommandId"]
        where = {"CommandId": sent, "InstanceId": server}
        ssm.get_waiter("command_executed").wait(**where, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        printed.append(ssm.get_command_invocation(**where)["StandardOutputContent"])
    return printed


@pytest.mark.usefixtures("aws_environment")
def test_no_secret_is_readable_where_it_is_not_kept(checkout: Checkout, deployment: Deployment) -> None:
    """Not in state, AWS' answers, output, logs, files or processes, where what is no secret is found."""
    strings, commands = Strings(), CommandLines()
    stack, state = ("--stack", "local"), checkout.folder / ".rehearsal"
    with stack_of(checkout, strings), decoys(deployment, state, strings.plain):
        watch = Lookout(commands.look, pause=LOOK)
        places = {
            "preview": shown(checkout, "preview", "--diff", *stack),
            "preview as JSON": shown(checkout, "preview", "--json", *stack),
            "update's events": shown(checkout, "up", "--yes", "--skip-preview", "--json", *stack),
        }
        watch.stop()
        places |= {
            "state": shown(checkout, "stack", "export", *stack),
            "configuration": shown(checkout, "config", *stack) + (checkout.folder / STACK).read_text(),
            "outputs": shown(checkout, "stack", "output", "--json", *stack),
            "command lines": "\n".join(commands.seen),
            "environments": environments(strings.plain),
            **in_the_cloud(),
        }
        secrets = {strings.pulumi, strings.existing, *strings.kits()}
        open_files = files_for_others(state, secrets)
        open_twins = files_for_others(state, [strings.plain])
        printed = on_servers(deployment)
        unchanged = planned(checkout)
        set_secret(checkout, f"new-{strings.pulumi}")
        changed = planned(checkout)
    assert len(secrets) >= 8  # two are the user's; the kit has two for Postgres, two for Redis and two more
    assert printed == [
        f"JWT_SECRET={strings.pulumi}\nSHOP_TOKEN={strings.plain}\nSTRIPE_KEY={strings.existing}\n"
    ] * len(printed)
    assert (found(places, secrets), open_files) == (set(), {})
    assert found(places, [strings.plain]) >= places.keys() - {"preview", "outputs"}
    assert str(state / "decoy") in open_twins
    assert (unchanged, changed & ROLLS) == (set(), ROLLS)


def shown(checkout: Checkout, *command: str) -> str:
    """All that the engine prints."""
    done = succeed(checkout.pulumi(*command))
    return done.stdout + done.stderr
