"""A repository of one's own: made by the kit's wheel, in an environment that has nothing of this checkout."""

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testkit import orphans
from testkit.checkout import ROOT, UP_TIMEOUT, succeed

PACKAGES = Path("packaging")


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnRepository:
    """The repository at `folder`, whose environment is in `.venv` as its Makefile makes it."""

    folder: Path

    @classmethod
    @contextmanager
    def new(cls, folder: Path, *, app: Path, wheel: Path) -> Iterator["OwnRepository"]:
        """What `evenkeel new` makes for an app; its rehearsal is ended and gone afterwards."""
        folder.mkdir()
        made = cls(folder=folder)
        venv.create(folder / ".venv", with_pip=True)
        made.install(f"evenkeel[rehearsal] @ file://{wheel}")
        orphans.own(folder / ".rehearsal")
        arguments = ("--app", str(app), "--name", "shop", "--region", "eu-central-1")
        succeed(made.run(".venv/bin/evenkeel", "new", ".", *arguments))
        made.install("--requirement=requirements.txt")
        try:
            yield made
        finally:
            succeed(made.rehearsal("down"))

    def install(self, requirement: str) -> None:
        """Packages into its environment; those that other tests have come from pip's cache."""
        pip = (".venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        succeed(self.run(*pip, requirement))

    def check(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs the checks of its servers as `make check` does."""
        line = (
            'eval "$(.venv/bin/python -m rehearsal env --admin)" && exec .venv/bin/pytest --stack local "$@"'
        )
        return self.run("bash", "-c", line, "bash", *arguments)

    def rehearsal(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `python -m rehearsal …` as its Makefile does."""
        return self.run(".venv/bin/python", "-m", "rehearsal", *arguments)

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs plain `pulumi …` as the stack's deployer."""
        line = 'eval "$(.venv/bin/python -m rehearsal env)" && exec pulumi --non-interactive "$@"'
        return self.run("bash", "-c", line, "bash", *arguments)

    def outputs(self) -> dict[str, Any]:
        """The outputs of stack local."""
        said = succeed(self.pulumi("stack", "output", "--json", "--stack", "local")).stdout
        outputs: dict[str, Any] = json.loads(said)
        return outputs

    def administrator(self) -> Mapping[str, str]:
        """The environment of a shell that may do everything in its cloud."""
        line = 'eval "$(.venv/bin/python -m rehearsal env --admin)" && exec env --null'
        listed = succeed(self.run("bash", "-c", line)).stdout
        return dict(entry.split("=", 1) for entry in listed.split("\0") if entry)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command there, without this checkout on Python's path."""
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PYTHON"))
        }
        return subprocess.run(
            command,
            cwd=self.folder,
            env=own,
            text=True,
            capture_output=True,
            timeout=UP_TIMEOUT,
            check=False,
        )


def wheels(folder: Path, *, version: str, of: str | None = None) -> Path:
    """The kit's wheel with a version, of a commit or of the working tree, and its checks' beside it."""
    with tempfile.TemporaryDirectory() as sources:
        tree = Path(sources)
        packed = _tree() if of is None else _output("git", "archive", of)
        subprocess.run(["tar", "--extract", "--directory", tree], input=packed, check=True)
        projects = list((tree / PACKAGES).glob("*/pyproject.toml"))
        for project in projects:
            project.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', project.read_text()))
        pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder)]
        subprocess.run([*pip, *(str(project.parent) for project in projects)], check=True)
    (built,) = folder.glob(f"evenkeel-{version}-*.whl")
    return built


def last_release() -> str | None:
    """The tag of the newest release; None before the first."""
    told = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return told.stdout.strip() or None


def _tree() -> bytes:
    """The working tree's files, as `git archive` would pack a commit's."""
    listed = _output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").decode()
    there = "\0".join(name for name in listed.split("\0") if name and (ROOT / name).is_file())
    return _output("tar", "--create", "--null", "--files-from=-", given=there.encode())


def _output(*command: str, given: bytes = b"") -> bytes:
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, input=given).stdout
