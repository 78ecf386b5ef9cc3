"""`evenkeel upgrade`: another version of the kit in a repository of one's own, and what that changes."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

from evenkeel.errors import EvenkeelError
from evenkeel.source import PACKAGE, Source

TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
"""Of a release."""


def upgrade(root: Path, version: str | None) -> str:
    """Install a version, without one the newest tag, and pin it in requirements.txt; what the file says now.

    Touches nothing else. Raises `EvenkeelError`; the file is then as it was.
    """
    file = root / "requirements.txt"
    before = file.read_text() if file.is_file() else ""
    kept = pinned(file, before)
    version = version or newest_tag(next(iter(kept.values())))
    lines = {line: source.at(version).requirement for line, source in kept.items()}
    file.write_text("".join(f"{lines.get(line, line)}\n" for line in before.splitlines()))
    requirements = " and ".join(lines.values())
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file],
        check=False,
    )
    if installed.returncode:
        file.write_text(before)
        raise EvenkeelError(f"pip could not install `{requirements}`; requirements.txt is as it was.")
    return requirements


def pinned(file: Path, text: str) -> dict[str, Source]:
    """The lines of the kit and its checks, and what they name."""
    lines = {line: source for line in text.splitlines() if (source := Source.parse(line))}
    if not any(source.package == PACKAGE for source in lines.values()):
        raise EvenkeelError(f"{file} does not name the kit: evenkeel[rehearsal] @ git+https://…")
    return lines


def newest_tag(source: Source) -> str:
    """The tag of the newest release in the kit's repository."""
    if source.repository is None:
        raise EvenkeelError("Only a git repository can be asked for its newest version: name one.")
    url = source.repository.removeprefix("git+")
    listed = subprocess.run(
        ["git", "ls-remote", "--tags", "--refs", url], capture_output=True, text=True, check=False
    )
    if listed.returncode:
        raise EvenkeelError(f"The tags of {url} can't be read: {listed.stderr.strip()}")
    tags = [match for line in listed.stdout.splitlines() if (match := TAG.fullmatch(line.split("/")[-1]))]
    if not tags:
        raise EvenkeelError(f"{url} has no release yet.")
    return max(tags, key=lambda tag: [int(number) for number in tag.groups()])[0]


def changes(since: str) -> str:
    """What the installed version changes, by its changelog: the headings above that of version `since`."""
    text = (resources.files("evenkeel") / "CHANGELOG.md").read_text()
    headings = re.split(r"(?m)^(?=## )", text)[1:]
    newer = []
    for heading in headings:
        if re.match(rf"## \[?{re.escape(since)}\b", heading):
            break
        newer.append(heading)
    return "".join(newer).strip()
