"""Which k6 makes the load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.version import Version

from bench.load import k6
from rehearsal.engine import go


def program(file: Path, script: str) -> Path:
    """An executable shell script."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def test_the_go_tool_is_the_pinned_version_and_our_toolchain_builds_it() -> None:
    """go.mod says what k6.py says, and asks for no newer Go than go.py does."""
    pins = (k6.SOURCE / "go.mod").read_text()
    assert re.findall(r"^\s*go\.k6\.io/k6 v(\S+)", pins, re.MULTILINE) == [k6.PINNED]
    assert [Version(asked) <= go._MINIMUM for asked in re.findall(r"^go (\S+)$", pins, re.MULTILINE)] == [
        True
    ]


@pytest.mark.parametrize(
    ("said", "used"), [("k6 v1.9.0 (go1.26)", True), ("k6 v2.0.0", False), ("hello", False)]
)
def test_a_k6_on_path_is_used_when_it_reads_the_same_scripts(
    said: str, used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the pinned one is built, once."""
    own = program(tmp_path / "bin" / "k6", f"echo '{said}'")
    built = tmp_path / "evenkeel" / f"k6-{k6.PINNED}" / "k6"
    monkeypatch.setenv("PATH", f"{own.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    builds: list[Path] = []

    def build(target: Path) -> None:
        builds.append(program(target, f"echo 'k6 v{k6.PINNED}'"))

    monkeypatch.setattr(k6, "build", build)
    assert [k6.find(), k6.find()] == [own if used else built] * 2
    assert builds == ([] if used else [built])
