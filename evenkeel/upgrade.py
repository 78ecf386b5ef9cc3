"""`evenkeel upgrade`: another version of the kit in a repository of one's own, and what that changes."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

from evenkeel.errors import EvenkeelError
from evenkeel.source import Source

TAG = re.compile(r"v(\d+)\.(\d+)\.(\d+)")
"""Of a release."""


def upgrade(root: Path, version: str | None) -> str:
    """Install a version, without one the newest tag, and pin it in requirements.txt; what the file says now.

    Touches nothing else. Raises `EvenkeelError`; the file is then as it was.
    """
    file = root / "requirements.txt"
    before = file.read_text() if file.is_file() else ""
    line, source = pinned(file, before)
    requirement = source.at(version or newest_tag(source)).requirement
    file.write_text(before.replace(line, requirement))
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", file],
        check=False,
    )
    if installed.returncode:
        file.write_text(before)
        raise EvenkeelError(f"pip could not install `{requirement}`; requirements.txt is as it was.")
    return requirement


def pinned(file: Path, text: str) -> tuple[str, Source]:
    """The line of the kit, and what it names."""
    for line in text.splitlines():
        if source := Source.parse(line):
            return line, source
    raise EvenkeelError(f"{file} does not name the kit: evenkeel[rehearsal] @ git+https://…")


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
