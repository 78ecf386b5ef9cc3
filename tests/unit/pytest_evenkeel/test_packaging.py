"""What the wheel of the checks says of itself."""

import re
import tomllib
from typing import Any

from packaging.requirements import Requirement

from testkit.checkout import ROOT


def project(package: str) -> dict[str, Any]:
    """What its pyproject.toml has."""
    read = tomllib.loads((ROOT / "packaging" / package / "pyproject.toml").read_text())
    found: dict[str, Any] = read["project"]
    return found


def test_its_version_is_the_kits() -> None:
    """The checks know the servers that this very version makes, and both have one tag."""
    assert project("pytest-evenkeel")["version"] == project("evenkeel")["version"]


def test_it_is_content_with_what_the_kit_pins() -> None:
    """Both are installed into one environment."""
    pins = re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements/unit.txt").read_text(), re.MULTILINE)
    versions = dict(pins)
    asked = list(map(Requirement, project("pytest-evenkeel")["dependencies"]))
    assert asked
    assert [str(one) for one in asked if versions[one.name] not in one.specifier] == []
