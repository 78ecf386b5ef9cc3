"""What docs/your-own-app.md says of the reference app is so."""

import json
import re
from posixpath import normpath

import pytest

from testkit.checkout import ROOT

DOCUMENT = (ROOT / "docs/your-own-app.md").read_text()
ROWS = [
    (re.findall(r"`([\w/-]+\.js)`", files), set(re.findall(r"`([\w-]+)`", packages)))
    for files, packages in re.findall(r"^\| (`[\w/-]+\.js`[^|]*) \| ([^|]+) \|", DOCUMENT, re.MULTILINE)
]
"""Files that can be taken together, and the packages they need."""


def required(file: str) -> set[str]:
    """What a module of the app asks for, Node's own modules aside."""
    source = (ROOT / "app/src" / file).read_text()
    return {name for name in re.findall(r"require\('([^']+)'\)", source) if not name.startswith("node:")}


@pytest.mark.parametrize(("files", "packages"), ROWS, ids=lambda each: " ".join(sorted(each)))
def test_a_file_that_can_be_taken_needs_what_its_row_names(files: list[str], packages: set[str]) -> None:
    """Neither more, nor less."""
    asked = {(file, name) for file in files for name in required(file)}
    own = {normpath(f"{file}/../{name}.js") for file, name in asked if name.startswith(".")}
    assert own <= set(files)
    assert {name for _, name in asked if not name.startswith(".")} == packages


def test_there_are_files_to_take() -> None:
    """The twin: the table is found."""
    assert ["process/shutdown.js", "http/connections.js"] in [files for files, _ in ROWS]


def test_its_packages_are_the_reference_apps() -> None:
    """The versions that are tested together."""
    (install,) = re.findall(r"npm install --save-exact (.+)", DOCUMENT)
    named = dict(package.split("@") for package in install.split())
    pinned = json.loads((ROOT / "app/package.json").read_text())["dependencies"]
    assert named == {name: pinned.get(name) for name in named}
