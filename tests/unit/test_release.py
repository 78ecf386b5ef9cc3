"""`make release`: a version's commit and tag, made in a clone."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "packaging" / "release.sh"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n- One.\n"


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A repository with the files that a release changes, and one release."""
    for name, text in {
        "CHANGELOG.md": CHANGELOG,
        "packaging/evenkeel/pyproject.toml": 'name = "evenkeel"\nversion = "0.1.0"\n',
        "packaging/pytest-evenkeel/pyproject.toml": 'name = "pytest-evenkeel"\nversion = "0.1.0"\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    for name, value in {"user.name": "keeper", "user.email": "keeper@example.com"}.items():
        git(tmp_path, "config", name, value)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Begin")
    git(tmp_path, "tag", "v0.1.0")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def release(folder: Path, version: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, version], cwd=folder, check=False, capture_output=True, text=True)


def test_a_release_is_a_commit_and_a_tag_with_the_changelogs_words(kit: Path) -> None:
    """Both packages have the number; what comes next begins with an empty heading."""
    assert release(kit, "0.2.0").returncode == 0
    assert git(kit, "tag", "--list", "v0.2.0", "--format=%(contents)").strip() == (
        "0.2.0\n\n\n### Added\n\n- A thing."
    )
    assert git(kit, "status", "--porcelain") == ""
    for package in ("evenkeel", "pytest-evenkeel"):
        assert 'version = "0.2.0"' in (kit / "packaging" / package / "pyproject.toml").read_text()
    first, second = (kit / "CHANGELOG.md").read_text().split("\n## ")[1:3]
    assert first.strip() == "Unreleased"
    assert re.match(r"0\.2\.0 - 20\d\d-\d\d-\d\d\n", second)


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "VERSION is '': write a number such as 0.3.0"),
        ("0.2", "VERSION is '0.2': write a number"),
        ("0.1.0", "v0.1.0 is there already: choose a newer one"),
        ("0.0.9", "v0.1.0 is there already: choose a newer one"),
    ],
)
def test_a_number_that_is_none_or_old_is_refused(kit: Path, version: str, reason: str) -> None:
    """Before anything is changed."""
    assert_refused(kit, version, reason)


def test_changes_that_are_not_committed_are_refused(kit: Path) -> None:
    """They would be in nobody's release, or in this one by chance."""
    (kit / "CHANGELOG.md").write_text(CHANGELOG + "\n")
    done = release(kit, "0.2.0")
    assert "not committed" in done.stderr
    assert git(kit, "tag").split() == ["v0.1.0"]


def test_a_release_that_changes_nothing_is_refused(kit: Path) -> None:
    """`evenkeel upgrade` would show nothing."""
    (kit / "CHANGELOG.md").write_text(CHANGELOG.replace("### Added\n\n- A thing.\n\n", ""))
    git(kit, "commit", "--quiet", "--all", "--message", "Empty")
    assert_refused(kit, "0.2.0", "CHANGELOG.md has nothing under Unreleased")


def assert_refused(kit: Path, version: str, reason: str) -> None:
    before = git(kit, "rev-parse", "HEAD")
    done = release(kit, version)
    assert done.returncode == 1
    assert reason in done.stderr
    assert git(kit, "rev-parse", "HEAD") == before
    assert git(kit, "tag").split() == ["v0.1.0"]
