"""docs/your-own-app.md, done as it stands: from an empty folder to a deployed app, by settings only."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from testkit.checkout import ROOT, Checkout, succeed
from testkit.person import Person, Routes
from testkit.waiting import eventually

DEPLOYED, CHECKED = (ROOT / "docs/your-own-app.md").read_text().split("\n## Check it\n")
BLOCK = re.compile(r"^```\w+\n(.+?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:#|//|--) ([\w./-]+)(: these in place of the reference app's)?\n")
"""A block's first line, if it is a file or a part of one; commands have none."""
RELEVANT = "test_own_app or test_pm2 or release_is or served_by or cookie or (in_flight and SIGTERM)"
"""Checks whose outcome an app decides; the rest look at what the kit makes, and run on the reference app."""
OTHER = """
config:
  evenkeel:app:
    environment: {COLOUR: blue}
"""
"""A setting that has every server replaced, and needs no other release."""
UP = ("up", "--yes", "--skip-preview", "--stack", "local")


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Someone who does what the document says, in a folder where the kit lies."""

    folder: Path
    kit: Checkout

    def follow(self, text: str, **environment: str) -> str:
        """Writes the text's files and runs its commands, in their order; what these printed."""
        printed = ""
        for block in BLOCK.findall(text):
            if not (named := FILE.match(block)):
                printed += self._run(block, environment)
            elif named[2]:
                settings = self.folder / named[1]
                settings.write_text(merged(settings.read_text(), block))
            else:
                (self.folder / named[1]).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / named[1]).write_text(block)
        return printed

    def _run(self, commands: str, environment: dict[str, str]) -> str:
        """`make` would set up an environment that the copy of the kit has already."""
        commands = re.sub(
            r"make (?:-s )?(up|env)(?: ARGS=([\w-]+))?",
            lambda made: f".venv/bin/python -m rehearsal {made[1]} {made[2] or ''}",
            commands,
        )
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        shell = ["bash", "-euo", "pipefail", "-c", commands]
        done = subprocess.run(
            shell, cwd=self.folder, env=own | environment, capture_output=True, text=True, check=False
        )
        return succeed(done).stdout


def merged(file: str, block: str) -> str:
    """A stack's file with the settings of the block."""
    before = yaml.safe_load(file)
    for section, settings in yaml.safe_load(block)["config"].items():
        before["config"][section] = before["config"].get(section, {}) | settings
    text: str = yaml.safe_dump(before)
    return text


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Who has followed the five steps; what they made is gone afterwards."""
    folder = tmp_path_factory.mktemp("own")
    kit = Checkout.copy(folder / "evenkeel")
    reader = Reader(folder=folder, kit=kit)
    try:
        reader.follow(DEPLOYED)
        yield reader
    finally:
        kit.end()


@pytest.fixture(scope="module")
def url(reader: Reader) -> str:
    found: str = reader.kit.outputs()["url"]
    return found


@pytest.fixture(scope="module")
def routes() -> Routes:
    """The app's, as the document tells the kit."""
    (settings,) = [block for block in BLOCK.findall(DEPLOYED) if "evenkeel:smoke" in block]
    session = yaml.safe_load(settings)["config"]["evenkeel:smoke"]["session"]
    names = ("sign_up", "log_in", "log_out", "who_am_i", "fields")
    return Routes(**{name: session[name] for name in names})


def test_an_app_from_scratch_is_served_through_the_balancer(url: str, routes: Routes) -> None:
    """Nothing of the reference app is deployed: other routes, another table, no Prisma."""
    person = Person.logged_in(url, routes)
    assert person.who_am_i() == person.email
    assert requests.get(f"{url}/members", timeout=10).status_code == 404


@pytest.mark.parametrize(
    "body",
    [None, [], {"email": {"includes": 1}, "password": "p", "name": "n"}, {"email": "a@b", "name": "n"}],
)
def test_a_stranger_makes_no_error_of_the_apps(url: str, routes: Routes, body: Any) -> None:
    """Enough of them would roll a deployment back."""
    for path in (routes.sign_up, routes.log_in):
        assert requests.post(f"{url}{path}", json=body, timeout=10).status_code == 400


def test_the_checks_of_the_servers_hold_for_it(reader: Reader) -> None:
    """Those whose outcome an app decides, and one of its own."""
    said = reader.follow(CHECKED, PYTEST_ADDOPTS=f'-k "{RELEVANT}"')
    assert re.search(r"\d+ passed", said), said
    assert not re.search(r"failed|error|skipped", said), said


def test_a_rollout_keeps_its_sessions(reader: Reader, url: str, routes: Routes) -> None:
    """Every server is replaced, and who was signed in still is."""
    person = Person.logged_in(url, routes)
    before = {person.get("/healthz")["server"] for _ in range(8)}
    stack = reader.kit.folder / "stacks/Pulumi.local.yaml"
    stack.write_text(merged(stack.read_text(), OTHER))
    succeed(reader.kit.pulumi(*UP))
    # For some seconds a node of the balancer may not know of the last deregistration.
    eventually(lambda: before.isdisjoint({person.get("/healthz")["server"] for _ in range(8)}))
    assert person.who_am_i() == person.email
