"""Which Pulumi CLI is used."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

from rehearsal.engine import cli, go
from testkit.checkout import ROOT


def program(file: Path, script: str) -> Path:
    """An executable shell script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no way to Pulumi's own downloads for the next hour."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "evenkeel"
    folder.mkdir()
    (folder / "unreachable").touch()
    return folder


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        (None, False),
        (Version("3.258.9"), False),
        (cli.PINNED, True),
        (Version("3.300.0"), True),
        (Version("4.0.0"), False),
    ],
)
def test_a_cli_is_new_enough_from_the_pin_on_within_its_major_version(
    found: Version | None, enough: bool
) -> None:
    """Older lacks what the SDK asks for; a later major version may mean something else by it."""
    assert cli.new_enough(found) is enough


def test_the_go_tool_and_the_sdk_are_the_same_version() -> None:
    """`go.mod` pins what requirements.txt pins."""
    pins = (cli._SOURCE / "go.mod").read_text()
    pinned = re.search(r"github.com/pulumi/pulumi/pkg/v3 v(\S+)", pins)
    assert pinned is not None
    assert Version(pinned[1]) == cli.PINNED


def test_a_users_cli_is_at_least_as_new() -> None:
    """The engine itself refuses an older one: another may keep a stack's secrets in another way."""
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    assert project["requiredPulumiVersion"] == f">={cli.PINNED}"


def test_the_toolchain_is_as_new_as_the_go_tool_asks() -> None:
    """The `go` line of go.mod is what go.py checks for."""
    asked = re.search(r"^go (\S+)$", (cli._SOURCE / "go.mod").read_text(), re.MULTILINE)
    assert asked is not None
    assert Version(asked[1]) == go._MINIMUM


def test_a_cli_on_path_that_is_new_enough_is_used(tmp_path: Path) -> None:
    """Nothing is installed then."""
    own = program(tmp_path / "bin" / "pulumi", f"echo v{cli.PINNED}")
    assert cli.find(str(own.parent)) == own


def test_a_cli_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    """A cut-off binary, a missing one, one that fails and one that says something else."""
    cut_off = tmp_path / "cut-off"
    cut_off.write_bytes(Path(sys.executable).resolve().read_bytes()[:1000])
    cut_off.chmod(cut_off.stat().st_mode | stat.S_IXUSR)
    failing = program(tmp_path / "failing", "exit 1")
    other = program(tmp_path / "other", "echo hello")
    assert [cli.version(each) for each in (cut_off, tmp_path / "missing", failing, other)] == [None] * 4


def test_a_corrupt_cli_in_the_cache_is_installed_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what an interrupted installation left beside it is cleared."""
    program(cache / f"pulumi-{cli.PINNED}" / "bin" / "pulumi", "exit 1")
    leftover = cache / f"pulumi-{cli.PINNED}.partial" / "leftover"
    leftover.mkdir(parents=True)
    monkeypatch.setattr(cli, "build", lambda root: program(root / "bin" / "pulumi", f"echo v{cli.PINNED}"))
    found = cli.find("/nowhere")
    assert cli.version(found) == cli.PINNED
    assert sorted(each.name for each in cache.iterdir()) == [f"pulumi-{cli.PINNED}", "unreachable"]


@pytest.mark.usefixtures("cache")
def test_two_who_need_the_cli_install_it_once() -> None:
    """The second waits for the first, and uses what it made."""
    script = """
import sys, time
from pathlib import Path
from rehearsal.engine import cli
def build(root):
    print("built", flush=True)
    time.sleep(0.3)
    file = root / "bin" / "pulumi"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\\necho v{cli.PINNED}\\n")
    file.chmod(0o755)
cli.build = build
cli.find("/nowhere")
"""
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(2)
    ]
    said = [each.communicate(timeout=20)[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sorted(said) == [b"", b"built\n"]
