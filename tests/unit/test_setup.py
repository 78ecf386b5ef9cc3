"""setup.sh on a machine that has little: deploying and the quick tests need less than the rehearsal."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BARE = ("bash", "sh", "ls", "tr", "echo", "id", "mkdir", "cp")
"""Programs of any system; no apt-get, no server."""
ELSEWHERE = ("git", "node", "npm")
"""Those that only some groups need."""
PYTHON = """\
case "$1 $2" in
  "-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
  "-m pip") echo "$@" >>pip.log ;;
esac
"""
"""Makes an environment and installs into it, without taking the time."""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder with the script, and `bin`, the machine's only programs."""
    shutil.copy(ROOT / "setup.sh", tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in BARE:
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    for name in ELSEWHERE:
        script(programs / name, "exit 0")
    script(programs / "python3", PYTHON)
    return tmp_path


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def set_up(machine: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [machine / "bin" / "bash", "setup.sh", *arguments],
        cwd=machine,
        env={"PATH": str(machine / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_deploying_needs_python_node_and_git(machine: Path) -> None:
    """On any system, without root: nothing is installed but Python's packages."""
    done = set_up(machine, "deploy")
    assert done.returncode == 0, done.stderr
    (installed,) = (machine / "pip.log").read_text().splitlines()
    assert installed.endswith("--require-hashes -r requirements/deploy.txt")


def test_the_quick_tests_need_python_alone(machine: Path) -> None:
    """No root, no package of the system's, no Node.js."""
    for name in ELSEWHERE:
        (machine / "bin" / name).unlink()
    done = set_up(machine, "unit")
    assert done.returncode == 0, done.stderr
    (installed,) = (machine / "pip.log").read_text().splitlines()
    assert installed.endswith("--require-hashes -r requirements/unit.txt")


@pytest.mark.parametrize(
    ("group", "package"), [("rehearsal", "redis-server"), ("bench", "wrk"), ("lint", "shellcheck")]
)
def test_the_other_groups_need_more(machine: Path, group: str, package: str) -> None:
    """The twin: the system's packages are named before anything is installed."""
    refused = set_up(machine, group)
    assert refused.returncode == 1
    assert "there is no apt-get to install them with: " in refused.stderr
    assert package in refused.stderr
    assert not (machine / ".venv").exists()


@pytest.mark.parametrize(
    ("missing", "arguments", "said"),
    [
        ("git", ["deploy"], "evenkeel: git is not installed."),
        (None, ["deply"], "evenkeel: 'deply' is no group of requirements."),
    ],
)
def test_what_is_missing_is_said(machine: Path, missing: str | None, arguments: list[str], said: str) -> None:
    """And what to do about it."""
    if missing:
        (machine / "bin" / missing).unlink()
    refused = set_up(machine, *arguments)
    assert refused.returncode == 1
    assert refused.stderr.startswith(said)
