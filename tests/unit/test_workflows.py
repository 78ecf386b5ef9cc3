"""The workflows, which run on GitHub only: what can be known of them here."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import budgets
from rehearsal.engine import cli, plugins
from rehearsal.engine.installation import BUILT, OURS
from stacks.project import find
from stacks.stack_file import read

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
RDS = 30 * 60
"""Seconds that a database with a standby may take to be made: more than anyone has seen."""


def steps(file: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(file.read_text())["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_action_is_pinned(file: Path) -> None:
    """By its commit: a tag may be moved to another one, and the job has rights."""
    used = [step["uses"] for step in steps(file) if "uses" in step]
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", action)] == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_what_someone_typed_is_no_part_of_a_script(file: Path) -> None:
    """It comes in as a variable of the environment."""
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


def test_each_tier_of_the_tests_has_a_job() -> None:
    """On pull requests and on main; unit tests with each Python that the kit supports."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    assert workflow[True] == {"pull_request": None, "push": {"branches": ["main"]}}
    commands = {name: job["steps"][-1]["run"] for name, job in workflow["jobs"].items()}
    assert commands == {
        "lint": "make lint",
        "unit": "make unit",
        "rehearsal": "make test-rehearsal",
        "long": "make test-long",
        "infra": "make test-one T=tests/infra",
    }
    assert workflow["jobs"]["unit"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13", "3.14"]


def test_what_one_job_leaves_out_another_runs() -> None:
    """`make test-rehearsal` has each tier that has no job of its own, `make test-long` what is long."""
    assert pytest_of("test-rehearsal") == [
        "tests",
        "--ignore tests/unit",
        "--ignore tests/infra",
        "$(BESIDE)",
    ]
    assert pytest_of("test") == ["tests", "$(BESIDE)"]
    assert "BESIDE := -m 'not long' " in MAKEFILE
    assert pytest_of("test-long") == ["tests", "-m long"]


def pytest_of(target: str) -> list[str]:
    """What pytest is given in the recipe of a target."""
    recipe = re.search(rf"^{target}:(?:.*\n)(?:\t.*\n)+", MAKEFILE, re.MULTILINE)
    assert recipe
    (given,) = re.findall(r"-m pytest (.*)", recipe[0])
    return re.findall(r"-+\w+ \S+|\S+", given)


def test_the_deployment_has_the_time_that_it_may_need() -> None:
    """Of any stack: the database, the migrations, a rollout and its way back. Credentials last longer."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
    (job,) = workflow["jobs"].values()
    (session,) = [
        step["with"]["role-duration-seconds"]
        for step in job["steps"]
        if step.get("uses", "").startswith("aws-actions/")
    ]
    seconds = 60 * job["timeout-minutes"]
    assert seconds < session
    for name in workflow[True]["workflow_dispatch"]["inputs"]["stack"]["options"]:
        stack = read(name)
        rollout = budgets.rollout_timeout(
            stack.timeline,
            sizes=stack.app_servers.sizes,
            max_healthy_percentage=stack.app_servers.max_healthy_percentage,
            warm_pool_size=stack.app_servers.warm_pool_size,
        )
        assert RDS + stack.migrations.timeout + 2 * rollout < seconds, name


def test_the_deployment_takes_stacks_that_there_are_and_the_kits_pulumi() -> None:
    """Stack local is the rehearsal's."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/deploy.yml").read_text())
    stacks = {file.name.split(".")[1] for file in find().stack_files()} - {"local"}
    assert set(workflow[True]["workflow_dispatch"]["inputs"]["stack"]["options"]) <= stacks
    assert workflow["jobs"]["deploy"]["env"]["PULUMI_VERSION"] == str(cli.PINNED)


def test_a_stacks_whole_life_is_lived_with_official_parts() -> None:
    """Those that the program is written for, and it fails where one of them was not used."""
    (job,) = yaml.safe_load((ROOT / ".github/workflows/official.yml").read_text())["jobs"].values()
    assert job["env"]["PULUMI_VERSION"] == str(cli.PINNED)
    scripts = [step["run"] for step in job["steps"] if "run" in step]
    installing = next(script for script in scripts if "plugin install" in script)
    assert f"for name in {' '.join(plugins.PROVIDERS)};" in installing
    assert f'grep -E "{OURS}|{BUILT}"' in "".join(scripts)
    assert re.findall(r"^(make \w+|pulumi \w+)", "\n".join(scripts), re.MULTILINE) == [
        *("make up", "make status", "pulumi up", "pulumi refresh", "pulumi preview", "pulumi destroy"),
        *("make logs", "make down"),
    ]


def test_the_plugins_versions_are_read_from_the_requirements() -> None:
    """By the job's own script."""
    (job,) = yaml.safe_load((ROOT / ".github/workflows/official.yml").read_text())["jobs"].values()
    (script,) = [step["run"] for step in job["steps"] if "plugin install" in step.get("run", "")]
    said = subprocess.run(
        ["bash", "-e", "-c", f"pulumi() {{ echo $@; }}\n{script}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said.splitlines() == [
        f"plugin install resource {name} {plugins.version(name)}" for name in plugins.PROVIDERS
    ]
