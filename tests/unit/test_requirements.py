"""The requirements: what each group asks for, by its reason, and the lock that answers it."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from testkit.checkout import ROOT

LOCKS = ("deploy", "unit", "rehearsal", "bench", "lint")
"""The groups. Each has what the one before it has, and more."""
DOCS = "docs"
"""A group apart: `make docs` has an environment of its own."""
FILES = (ROOT / "requirements.txt", *(ROOT / f"requirements/{group}.in" for group in (*LOCKS[1:], DOCS)))
REMEDY = "run `make lock`"


def direct(file: Path) -> list[str]:
    """The lines that ask for a package, each with its comment."""
    return [line for line in file.read_text().splitlines() if line and line[0] not in "#-"]


def locked(group: str) -> dict[str, set[str]]:
    """Each version that the lock pins, on whichever system, and the hashes of its files."""
    text = (ROOT / f"requirements/{group}.txt").read_text()
    entries = re.findall(r"^(\w[^\s\\]*)[^\\\n]*\\\n((?: +--hash=.*\n)+)", text, re.MULTILINE)
    return {pin: set(re.findall(r"sha256:[0-9a-f]{64}", hashes)) for pin, hashes in entries}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_group_asks_for_one_version_and_says_why(file: Path) -> None:
    """The reason stands behind the pin."""
    assert direct(file)
    assert [line for line in direct(file) if not re.fullmatch(r"\S+==\S+ +# \S.*", line)] == []


@pytest.mark.parametrize(("group", "file"), list(zip((*LOCKS, DOCS), FILES, strict=True)))
def test_a_lock_answers_what_its_group_asks_for(group: str, file: Path) -> None:
    """With that very version."""
    versions = {(pin.name.lower(), str(pin.specifier)) for pin in map(Requirement, locked(group))}
    asked = [Requirement(line.split("#")[0]) for line in direct(file)]
    assert [str(pin) for pin in asked if (pin.name.lower(), str(pin.specifier)) not in versions] == [], REMEDY


@pytest.mark.parametrize(("smaller", "larger"), list(pairwise(LOCKS)))
def test_a_group_has_what_the_one_before_it_has(smaller: str, larger: str) -> None:
    """The same versions and files: to set up the one after the other changes nothing that is installed."""
    has, needs = locked(larger), locked(smaller)
    assert {pin for pin, hashes in needs.items() if has.get(pin) != hashes} == set(), REMEDY


@pytest.mark.parametrize("group", [*LOCKS, DOCS])
def test_each_package_is_known_by_its_hashes(group: str) -> None:
    """Each line of a lock is a comment, a pin with hashes, or a hash."""
    lines = [line for line in (ROOT / f"requirements/{group}.txt").read_text().splitlines() if line[0] != "#"]
    entries = locked(group)
    assert len(lines) == sum(1 + len(hashes) for hashes in entries.values())
    assert all(entries.values())
