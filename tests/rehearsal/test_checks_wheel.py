"""The checks by themselves: a wheel without the kit, in an environment that has nothing else."""

import json
import os
import re
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from testkit.checkout import ROOT, succeed
from testkit.deployment import Deployment

OWN = """\
def test_the_servers_are_reached(host):
    assert host.user().name == "root"
"""
CHECKS = 24
"""At least so many look only, and need no account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """One of Python's, whose shell reaches a deployment."""

    folder: Path
    shell: dict[str, str]

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs one of its programs, in its folder."""
        return subprocess.run(
            [self.folder / "bin" / program, *arguments],
            cwd=self.folder,
            env=self.shell,
            text=True,
            capture_output=True,
            timeout=600,
            check=False,
        )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, deployment: Deployment) -> Environment:
    """With the wheel and what it asks for, and the deployment's outputs."""
    wheels, folder = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("environment")
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels))
    subprocess.run([*pip, ROOT / "packaging/pytest-evenkeel"], check=True, timeout=300)
    (wheel,) = wheels.glob("pytest_evenkeel-*.whl")
    venv.create(folder, with_pip=True)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))}
    aws = {name: value for name, value in deployment.environment.items() if name.startswith("AWS_")}
    made = Environment(folder=folder, shell=own | aws)
    succeed(made.run("pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)))
    (folder / "outputs.json").write_text(json.dumps(deployment.outputs))
    return made


@pytest.mark.usefixtures("aws_environment")
def test_the_plugin_checks_a_stack_and_asks_its_servers_once(environment: Environment) -> None:
    """All that only looks is one SendCommand, however many the servers are."""
    before = sent()
    done = succeed(environment.run("pytest", "--outputs", "outputs.json", "-m", "not disruptive"))
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed
    assert int(passed[1]) >= CHECKS
    assert sent() - before == 1


def test_nothing_of_the_kit_is_there(environment: Environment) -> None:
    """The twin: the checks above had to do without."""
    assert environment.run("python", "-c", "import pytest_evenkeel.plugin").returncode == 0
    for kit in ("components", "evenkeel", "testkit", "pulumi"):
        assert "ModuleNotFoundError" in environment.run("python", "-c", f"import {kit}").stderr


@pytest.mark.usefixtures("aws_environment")
def test_testinfra_has_the_transport(environment: Environment, deployment: Deployment) -> None:
    """For checks that have nothing to do with the plugin's: `--hosts` names servers."""
    groups = boto3.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[deployment.outputs["auto_scaling_group"]]
    )["AutoScalingGroups"]
    hosts = ",".join(f"aws-ssm://{one['InstanceId']}" for one in groups[0]["Instances"])
    (environment.folder / "test_own.py").write_text(OWN)
    done = succeed(environment.run("pytest", "test_own.py", f"--hosts={hosts}"))
    assert f"{len(groups[0]['Instances'])} passed" in done.stdout


def sent() -> int:
    """Commands that SSM has been sent so far."""
    pages = boto3.client("ssm").get_paginator("list_commands").paginate()
    return sum(len(page["Commands"]) for page in pages)
