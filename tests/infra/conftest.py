"""The servers of the stack under test, reached over SSM."""

import json
import os
import subprocess
from typing import Any

import boto3
import pytest
import testinfra
import testinfra.backend
from testinfra.host import Host

from tests.checkout import Checkout
from tests.conftest import Deployment

testinfra.backend.BACKENDS["aws-ssm"] = "tests.infra.ssm.SsmBackend"

PM2 = (
    "runuser -u app -- env HOME=/var/lib/app PM2_HOME=/var/lib/app/.pm2 "
    "/opt/app/current/node_modules/.bin/pm2"
)
"""PM2's command line, as the app's user."""
PICK = """
const settings = ["exec_mode", "status", "kill_timeout", "max_memory_restart"];
const workers = JSON.parse(require("node:fs").readFileSync(0));
const picked = (env) => Object.fromEntries(settings.map((name) => [name, env[name]]));
console.log(JSON.stringify(workers.map(({ pid, pm2_env }) => ({ pid, ...picked(pm2_env) }))));
"""
"""PM2 lists each worker's whole environment, secrets too, and SSM keeps what a command prints."""


@pytest.fixture(scope="session")
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """The stack that `--stack` names, else the rehearsal."""
    stack = request.config.getoption("--stack")
    if not stack:
        checkout: Checkout = request.getfixturevalue("checkout")
        return Deployment(outputs=checkout.outputs(), environment=checkout.environment())
    command = ["pulumi", "stack", "output", "--json", "--stack", stack]
    listed = subprocess.run(command, capture_output=True, check=True)
    return Deployment(outputs=json.loads(listed.stdout), environment=dict(os.environ))


@pytest.fixture
def servers(deployment: Deployment, aws_environment: None) -> list[Host]:
    """Every server in service, as testinfra hosts."""
    group = boto3.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[deployment.outputs["auto_scaling_group"]]
    )["AutoScalingGroups"][0]
    in_service = [one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"]
    assert in_service, "the group has no server in service"
    return [testinfra.get_host(f"aws-ssm://{instance}") for instance in in_service]


def pm2(server: Host) -> list[dict[str, Any]]:
    """The workers: pid, and those of PM2's settings that PICK names."""
    listed = server.run(f"{PM2} jlist --silent | node -e %s", PICK)
    assert listed.succeeded, listed.stderr
    workers: list[dict[str, Any]] = json.loads(listed.stdout)
    return workers


def environment(server: Host) -> dict[str, str]:
    """What the boot script wrote for the app, without the secrets."""
    lines = server.check_output("grep -E '^(HOST|PORT|WEB_CONCURRENCY|[A-Z_]+_MS)=' /etc/evenkeel/app.env")
    return dict(line.split("=", 1) for line in lines.splitlines())
