"""`evenkeel upgrade`: one line is another, and what that changes is told."""

import subprocess
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import pytest

from evenkeel.errors import EvenkeelError
from evenkeel.source import Source
from evenkeel.upgrade import changes, newest_tag, upgrade

LINES = """\
# ours
evenkeel[rehearsal] @ git+https://example.com/kit@v0.2.0
pytest-evenkeel @ git+https://example.com/kit@v0.2.0
requests==2
"""


@dataclass(kw_only=True, slots=True)
class Pip:
    """Is not run: what it would have been told, and how it ends."""

    exit_code: int = 0
    told: list[str] = field(default_factory=list)

    def run(self, command: list[str | Path], **_: object) -> subprocess.CompletedProcess[str]:
        self.told = [str(word) for word in command]
        return subprocess.CompletedProcess(command, self.exit_code)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    pip = Pip()
    monkeypatch.setattr(subprocess, "run", pip.run)
    return pip


def test_only_the_lines_of_the_kit_change(tmp_path: Path, pip: Pip) -> None:
    """The user's other packages are the user's."""
    (tmp_path / "requirements.txt").write_text(LINES)
    upgrade(tmp_path, "v0.3.0")
    assert (tmp_path / "requirements.txt").read_text() == LINES.replace("v0.2.0", "v0.3.0")
    assert pip.told[-2:] == ["-r", str(tmp_path / "requirements.txt")]


def test_what_pip_refuses_changes_nothing(tmp_path: Path, pip: Pip) -> None:
    """The file is as it was."""
    pip.exit_code = 1
    (tmp_path / "requirements.txt").write_text(LINES)
    with pytest.raises(EvenkeelError, match=r"requirements\.txt is as it was"):
        upgrade(tmp_path, "v9.9.9")
    assert (tmp_path / "requirements.txt").read_text() == LINES


def test_a_repository_without_the_kit_is_told(tmp_path: Path) -> None:
    """Or without a file."""
    with pytest.raises(EvenkeelError, match="does not name the kit"):
        upgrade(tmp_path, None)


def git(repository: Path, *words: str) -> None:
    """Runs git in it."""
    subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True)


def test_the_newest_tag_is_that_of_the_highest_release(tmp_path: Path) -> None:
    """By number, not by letter; other tags are none of releases."""
    repository = tmp_path / "kit"
    subprocess.run(["git", "init", "--quiet", repository], check=True)
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    git(repository, *identity, "commit", "--quiet", "--allow-empty", "--message", "first")
    source = Source(repository=f"git+file://{repository}")
    with pytest.raises(EvenkeelError, match="has no release yet"):
        newest_tag(source)
    for tag in ("v0.9.0", "v0.10.0", "v1", "nightly-2"):
        git(repository, "tag", tag)
    assert newest_tag(source) == "v0.10.0"


def test_the_changes_are_those_above_the_version_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, the newest first."""
    (tmp_path / "CHANGELOG.md").write_text("# Log\n\n## Unreleased\n\nc\n\n## 0.10.0\n\nb\n\n## 0.1.0\n\na\n")
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)
    assert changes("0.1.0") == "## Unreleased\n\nc\n\n## 0.10.0\n\nb"
    assert changes("0.10.0") == "## Unreleased\n\nc"
